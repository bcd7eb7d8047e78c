"""What a station needs from its surroundings, looked at one by one.

Each examination says in French what was looked at, whether it is well, and what to do if not.
Nothing is changed but for a test file that is written and removed.
"""

import datetime as dt
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.config import EdgeConfig, Source
from edge.errors import ConfinementMissing, EdgeError
from edge.pipeline.workers import Workers, settings
from edge.pipeline.workers.confinement import REQUIRED, Protection
from edge.sources.folder import filesystem
from edge.uplink import channel
from edge.uplink.channel import certificate_site, certificate_valid_from, certificate_valid_until
from vaguemestre.model.calendar import paris_time

_FOLDER_TIMEOUT_S = 10.0
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
        yield from _watched_folder(source)
    yield from _certificate(config, now)
    for centre in config.uplink.centres:
        yield _reachable(centre, config, now)
    yield from _reading(config)


def _watched_folder(source: Source) -> Sequence[Finding]:
    """Look at a watched folder, in a thread that is left behind when the share is dead."""
    found: list[Finding] = []

    def look() -> None:
        writable = _writable(f"dossier {source.name}", source.folder)
        try:
            is_marked = filesystem.is_marked(source.folder, source.marker)
        except OSError:
            is_marked = False
        marked = Finding(
            f"marqueur de {source.name}",
            is_marked,
            f"Montez le partage, puis créez {source.marker} dans {source.folder}.",
        )
        found.extend((writable, marked))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(_FOLDER_TIMEOUT_S)
    dead = Finding(
        f"dossier {source.name}",
        False,
        f"{source.folder} ne répond pas. Rétablissez le partage réseau, ou démontez-le.",
    )
    return tuple(found) or (dead,)


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
    start = certificate_valid_from(pem)
    if start > now:
        begins = f"{paris_time(start):%d/%m/%Y}"
        advice = f"Il n'est valable qu'à partir du {begins}. Vérifiez l'heure de la station."
    else:
        verb = "a expiré" if until < now else "expire"
        advice = f"Il {verb} le {paris_time(until):%d/%m/%Y}. Renouvelez-le."
    is_well = start <= now and until - now > _EXPIRES_SOON
    yield Finding("certificat : validité", is_well, advice)


def _reachable(centre: str, config: EdgeConfig, now: dt.datetime) -> Finding:
    """Shake hands as the uplink does, and wait a moment for the centre to turn us away."""
    subject = f"centre {centre}"
    trouble = channel.examine(centre, config.uplink, now)
    if trouble is None:
        return Finding(subject, True)
    return Finding(subject, False, f"{trouble.reason} ({trouble})")


def _reading(config: EdgeConfig) -> Iterator[Finding]:
    """Start a reading process: it loads the pack, is confined, and says how far."""
    workers = Workers(settings.station_settings(config), 1)
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
