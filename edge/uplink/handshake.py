"""Why no centre can be talked to, where gRPC only says that there is no connection.

One handshake with the same certificates, with the library that tells its reasons. Whose
certificate is at fault, and how, decides what people have to do.
"""

import datetime as dt
import socket
import ssl

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
