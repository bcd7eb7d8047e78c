"""Certificates made on the spot: one authority, servers by address, stations by site."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.uplink.channel import SITE_URI

_VALID_FOR = dt.timedelta(days=365)
_AT_ONCE = -dt.timedelta(minutes=5)  # clocks differ by so much


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; everything lies in one folder, keys readable by their owner alone."""

    def __init__(self, folder: Path, now: dt.datetime | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._now = now or dt.datetime.now(dt.UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Vaguemestre, autorité d'essai")
        builder = self._builder(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def server(
        self,
        name: str = "centre",
        *,
        valid_for: dt.timedelta = _VALID_FOR,
        starts_in: dt.timedelta = _AT_ONCE,
    ) -> Pair:
        """A certificate for a server on the loopback address."""
        alternatives: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        usage = ExtendedKeyUsageOID.SERVER_AUTH
        return self._make(name, alternatives, usage, valid_for, starts_in)

    def station(
        self,
        site: str,
        *,
        valid_for: dt.timedelta = _VALID_FOR,
        starts_in: dt.timedelta = _AT_ONCE,
    ) -> Pair:
        """A certificate that speaks for a site; an empty one speaks for none."""
        alternatives: list[x509.GeneralName] = [x509.DNSName("station")]
        if site:
            alternatives.append(x509.UniformResourceIdentifier(f"{SITE_URI}{site}"))
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        return self._make(site or "sans-site", alternatives, usage, valid_for, starts_in)

    def _make(
        self,
        name: str,
        alternatives: list[x509.GeneralName],
        usage: x509.ObjectIdentifier,
        valid_for: dt.timedelta,
        starts_in: dt.timedelta,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(_name(name), key.public_key(), valid_for, starts_in)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        pair.key.touch(mode=0o600)
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pair

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        valid_for: dt.timedelta = _VALID_FOR,
        starts_in: dt.timedelta = _AT_ONCE,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + starts_in)
            .not_valid_after(self._now + valid_for)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
