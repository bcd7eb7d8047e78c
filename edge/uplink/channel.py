"""The connection to a centre: mTLS always, the certificate naming this station's site.

The site stands in the certificate as the URI ``urn:vaguemestre:site:<site>`` among its subject
alternative names: no certificate made for another purpose holds one by chance. Where gRPC only says
that there is no connection, one handshake with the same certificates, with the library that tells
its reasons, says whose certificate is at fault and how: that decides what people have to do.
"""

import datetime as dt
import socket
import ssl

import grpc
from cryptography import x509

from edge.config import Uplink
from edge.errors import (
    CentreCertificateOutdated,
    CentreUntrusted,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateRefused,
    CertificateUnusable,
    UplinkLost,
    UplinkRefused,
)
from vaguemestre.v1 import intake_pb2_grpc

SITE_URI = "urn:vaguemestre:site:"

_OPTIONS = (
    # A pulled cable says nothing: ask every 20 s, give the line up after 10 more.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # We wait between attempts ourselves, and every attempt resolves and dials anew.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
)


def open_channel(centre: str, settings: Uplink) -> grpc.Channel:
    """Prepare a channel; certificates are read anew, so that renewed ones are taken up.

    Args:
        centre: ``host:port``; the host must be named by the centre's certificate.
        settings: Where the certificates are.

    Raises:
        CertificateUnusable: a file cannot be read.
    """
    try:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=settings.ca_file.read_bytes(),
            private_key=settings.key_file.read_bytes(),
            certificate_chain=settings.certificate_file.read_bytes(),
        )
    except OSError as error:
        raise CertificateUnusable(f"{error.filename}: {error.strerror}") from error
    return grpc.secure_channel(centre, credentials, options=_OPTIONS)


def stub_of(channel: grpc.Channel) -> intake_pb2_grpc.IntakeStub:
    """The centre's intake behind a channel."""
    return intake_pb2_grpc.IntakeStub(channel)  # type: ignore[no-untyped-call]


def certificate_site(pem: bytes) -> str:
    """The site that a certificate speaks for; empty when it names none.

    Raises:
        ValueError: this is no certificate.
    """
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    sites = [uri.removeprefix(SITE_URI) for uri in uris if uri.startswith(SITE_URI)]
    return sites[0] if len(sites) == 1 else ""


def certificate_valid_from(pem: bytes) -> dt.datetime:
    """When a certificate begins to be valid.

    Raises:
        ValueError: this is no certificate.
    """
    return x509.load_pem_x509_certificate(pem).not_valid_before_utc


def certificate_valid_until(pem: bytes) -> dt.datetime:
    """When a certificate expires.

    Raises:
        ValueError: this is no certificate.
    """
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc


_TIMEOUT_S = 3.0
_HTTP2_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
_OUTSIDE_ITS_DAYS = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED


def examine(centre: str, settings: Uplink, now: dt.datetime) -> UplinkRefused | UplinkLost | None:
    """Shake hands as the uplink does, and wait a moment for the centre to turn us away.

    Args:
        centre: ``host:port``.
        settings: Where the certificates are.
        now: For the days of the station's own certificate.

    Returns:
        What is wrong, or None when the centre says something back.
    """
    host, _, port = centre.rpartition(":")
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file))
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(settings.certificate_file, settings.key_file)
        own = x509.load_pem_x509_certificate(settings.certificate_file.read_bytes())
    except (OSError, ValueError) as error:  # ssl.SSLError too
        return CertificateUnusable(str(getattr(error, "strerror", None) or error))
    try:
        # One hang-up may be a centre that stops just then; two are what it has against us.
        is_welcome = _is_answered(host, int(port), context) or (
            _is_answered(host, int(port), context)
        )
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _OUTSIDE_ITS_DAYS:
            return CentreCertificateOutdated(error.verify_message)
        return CentreUntrusted(error.verify_message)
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        return _of_own(own, now, reason) if "ALERT" in reason else UplinkLost(reason)
    except (OSError, ValueError) as error:
        return UplinkLost(str(error))
    return None if is_welcome else _of_own(own, now, "the centre hangs up after the handshake")


def _is_answered(host: str, port: int, context: ssl.SSLContext) -> bool:
    """Whether the centre says anything once it has seen our certificate.

    The handshake of TLS 1.3 is over for us before the centre has looked at it, and gRPC's server
    tells no alert: it hangs up. A server that takes us greets at once.
    """
    with (
        socket.create_connection((host, port), timeout=_TIMEOUT_S) as line,
        context.wrap_socket(line, server_hostname=host.strip("[]")) as safe,
    ):
        try:
            safe.sendall(_HTTP2_HELLO)
            return bool(safe.recv(1))
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            return False


def _of_own(own: x509.Certificate, now: dt.datetime, alert: str) -> UplinkRefused:
    """What the centre has against our certificate."""
    days = f"{own.not_valid_before_utc:%Y-%m-%d %H:%M} - {own.not_valid_after_utc:%Y-%m-%d %H:%M}"
    detail = f"{alert}; valid {days} UTC"
    if now < own.not_valid_before_utc:
        return CertificateNotYetValid(detail)
    if now > own.not_valid_after_utc or "EXPIRED" in alert:
        return CertificateExpired(detail)
    return CertificateRefused(detail)
