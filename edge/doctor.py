"""What a station needs from its surroundings, looked at one by one.

Each examination says in French what was looked at, whether it is well, and what to do if not.
Nothing is changed but for a test file that is written and removed.
"""

import datetime as dt
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge import pack
from edge.config import EdgeConfig
from edge.errors import EdgeError, PackInvalid
from edge.inference.careful import load_careful
from edge.uplink.channel import certificate_site, certificate_valid_until

_CONNECT_TIMEOUT_S = 3.0
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
        yield _reachable(centre)
    yield _attempt("paquet de reconnaissance", lambda: _load_pack(config))


def _attempt(subject: str, act: Callable[[], object]) -> Finding:
    try:
        act()
    except EdgeError as error:
        return Finding(subject, False, f"{error.reason} ({error})")
    except OSError as error:
        return Finding(subject, False, str(error.strerror))
    return Finding(subject, True)


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


def _reachable(centre: str) -> Finding:
    host, _, port = centre.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_CONNECT_TIMEOUT_S):
            return Finding(f"centre {centre}", True)
    except (OSError, ValueError) as error:
        return Finding(f"centre {centre}", False, f"Injoignable ({error}). Les envois attendront.")


def _load_pack(config: EdgeConfig) -> None:
    folder = config.reading.pack_dir or pack.default_dir()
    if not pack.load(folder).forms:
        raise PackInvalid(f"{folder} holds no form")
    load_careful(config.reading.cache_dir or config.station.work_dir / "cache", threads=1)
