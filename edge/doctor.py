"""What a station needs from its surroundings, looked at one by one.

Each examination says in French what was looked at, whether it is well, and what to do if not.
Nothing is changed but for a test file that is written and removed.
"""

import datetime as dt
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.config import EdgeConfig
from edge.errors import ConfinementMissing, EdgeError
from edge.uplink.channel import certificate_site, certificate_valid_until
from edge.workers import Workers, settings
from edge.workers.confine import REQUIRED, Protection

_CONNECT_TIMEOUT_S = 3.0
_HTTP2_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
_EXPIRES_SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One examination's answer."""

    subject: str
    is_well: bool
    advice: str = ""


def examine(config: EdgeConfig, now: dt.datetime) -> Iterator[Finding]:
    """Look at everything, one finding at a time; slow ones (the networks) come last."""
    yield _writable("dossier de travail", config.station.work_dir)
    yield _space(config)
    for source in config.sources:
        yield _writable(f"dossier {source.name}", source.folder)
        yield Finding(
            f"marqueur de {source.name}",
            (source.folder / source.marker).is_file(),
            f"Montez le partage, puis créez {source.marker} dans {source.folder}.",
        )
    yield from _certificate(config, now)
    for centre in config.uplink.centres:
        yield _reachable(centre, config)
    yield from _reading(config)


def _writable(subject: str, folder: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".vaguemestre-") as file:
            file.write(b"essai")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(subject, False, f"{folder} : {error.strerror}. Vérifiez les droits.")
    return Finding(subject, True)


def _space(config: EdgeConfig) -> Finding:
    try:
        free = shutil.disk_usage(config.station.work_dir).free
    except OSError as error:
        return Finding("espace disque", False, str(error.strerror))
    needed = config.spool.min_free_bytes
    return Finding(
        "espace disque",
        free > needed,
        f"{free / 1e9:.1f} Go libres, {needed / 1e9:.1f} Go au moins sont nécessaires.",
    )


def _certificate(config: EdgeConfig, now: dt.datetime) -> Iterator[Finding]:
    path = config.uplink.certificate_file
    try:
        pem = path.read_bytes()
        site, until = certificate_site(pem), certificate_valid_until(pem)
    except (OSError, ValueError) as error:
        yield Finding("certificat", False, f"{path} illisible : {error}")
        return
    yield Finding(
        "certificat : site",
        site == config.station.site,
        f"Le certificat nomme « {site} », la configuration « {config.station.site} ».",
    )
    yield Finding(
        "certificat : validité",
        until - now > _EXPIRES_SOON,
        f"Il expire le {until:%d/%m/%Y}. Renouvelez-le.",
    )


def _reachable(centre: str, config: EdgeConfig) -> Finding:
    """Shake hands as the uplink does, and wait a moment for the centre to turn us away."""
    subject, uplink = f"centre {centre}", config.uplink
    host, _, port = centre.rpartition(":")
    try:
        context = ssl.create_default_context(cafile=str(uplink.ca_file))
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(uplink.certificate_file, uplink.key_file)
    except OSError as error:  # ssl.SSLError too
        advice = (
            f"Certificat, clé ou autorité illisible ou mal assortis ({error.strerror or error})."
        )
        return Finding(subject, False, advice)
    try:
        with (
            socket.create_connection((host, int(port)), timeout=_CONNECT_TIMEOUT_S) as line,
            context.wrap_socket(line, server_hostname=host.strip("[]")) as safe,
        ):
            safe.sendall(_HTTP2_HELLO)
            is_welcome = bool(safe.recv(1))
    except ssl.SSLError as error:
        return Finding(
            subject, False, f"Certificat refusé ({error.reason}). Comparez les autorités."
        )
    except (OSError, ValueError) as error:
        return Finding(subject, False, f"Injoignable ({error}). Les envois attendront.")
    return Finding(subject, is_welcome, "Le centre raccroche. Vérifiez le certificat.")


def _reading(config: EdgeConfig) -> Iterator[Finding]:
    """Start a reading process: it loads the pack, is confined, and says how far."""
    workers = Workers(settings.of_station(config), 1)
    try:
        held = workers.held()
    except ConfinementMissing as error:
        yield Finding("isolement de la lecture", False, f"{error.reason} ({error})")
        return
    except EdgeError as error:
        yield Finding("paquet de reconnaissance", False, f"{error.reason} ({error})")
        return
    finally:
        workers.close()
    yield Finding("paquet de reconnaissance", True)
    for protection, words in _PROTECTIONS.items():
        subject = f"isolement de la lecture : {words}"
        if protection in held:
            yield Finding(subject, True)
        elif protection in REQUIRED:
            advice = (
                "Le noyau ou le conteneur ne l'offre pas : un fichier piégé ne serait pas retenu."
            )
            yield Finding(subject, False, advice)
        else:
            yield Finding(
                f"{subject} – non offert par ce noyau, les autres protections tiennent", True
            )


_PROTECTIONS = {
    Protection.NO_NEW_RIGHTS: "aucun droit de plus (no_new_privs)",
    Protection.NO_CAPABILITIES: "aucun pouvoir d'administrateur (capabilities)",
    Protection.NO_MEMORY_IMAGE: "aucune image de la mémoire (core)",
    Protection.CALLS: "ni réseau, ni programme, ni signal (seccomp)",
    Protection.FILES: "ni clés, ni journal, ni écriture de fichiers",
    Protection.LANDLOCK: "polices et code seuls lisibles (Landlock)",
    Protection.TCP: "aucune connexion TCP (Landlock 4, noyau 6.7)",
    Protection.SIGNALS: "aucun signal vers l'extérieur (Landlock 6, noyau 6.12)",
}
