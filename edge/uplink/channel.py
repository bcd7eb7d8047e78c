"""The connection to a centre: mTLS always, the certificate naming this station's site.

The site stands in the certificate as the URI ``urn:vaguemestre:site:<site>`` among its
subject alternative names: no certificate made for another purpose holds one by chance.
"""

import datetime as dt

import grpc
from cryptography import x509

from edge.config import Uplink
from edge.errors import CertificateUnusable
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
