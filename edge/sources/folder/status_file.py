"""One small text file beside each lot tells its operator where it stands and what to do.

They live in the watched folder's own ``_etat``, which the watcher ignores: ``LOT0012 - EN
COURS.txt``, ``LOT0012 - INCOMPLET 37 sur 50.txt``. Content is replaced atomically and then
renamed with the state, so that a lot never has two files or none.
"""

import errno
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from edge.sources.folder.filesystem import folder_at, open_directory
from edge.sources.folder.grouping import STATUS_FOLDER
from edge.spool.disk import open_regular
from edge.spool.rules import CountResult, composed
from edge.spool.values import LotStatus, OperatorState
from vaguemestre.model.calendar import paris_time

_OURS = re.compile(r"(?P<label>.+) - (EN COURS|INCOMPLET[^-]*|TERMINÉ|ERREUR)\.txt")
_PARTIAL = re.compile(r"\.vaguemestre-[0-9a-f]{16}\.tmp")
# The mark lets an old Windows editor see that this is UTF-8.
_BEGINNING = "Lot ".encode("utf-8-sig")
_LEFT_ALONE = "Fichiers qui ne sont pas des pages.txt"
_LISTED = 50  # lines of set-aside files; the rest is counted
_OTHERS = "Les autres documents du lot suivent leur cours."


def file_name(view: LotStatus) -> str:
    """The status file's name."""
    words = view.shown.value
    if view.shown is OperatorState.INCOMPLETE and view.count is not None:
        words += f" {view.count.found} sur {view.count.expected}"
    return f"{view.label} - {words}.txt"


def status_text(view: LotStatus) -> str:
    """The status file's text, in French."""
    lines = [f"Lot {view.name}", f"État : {_state_line(view)}"]
    lines += [f"Vu le {paris_time(view.received_at):%d/%m/%Y à %H:%M}", "", view.detail, ""]
    if view.counted_pages or view.documents:
        lines += [
            f"Pages comptées : {view.counted_pages}",
            f"Documents : {view.documents}, dont {view.acknowledged} reçus par le centre",
            "",
        ]
    if view.refused:
        lines += [f"Documents refusés par le centre : {view.refused}", ""]
    if view.set_aside:
        lines.append("Mis de côté :")
        for aside in view.set_aside[:_LISTED]:
            where = ", ".join(filter(None, (aside.file, aside.place)))
            lines.append(f" - {where} : {aside.reason} [{aside.code}]")
        if len(view.set_aside) > _LISTED:
            lines.append(f" - et {len(view.set_aside) - _LISTED} autres")
        lines.append("")
    lines += [f"À numériser de nouveau (demande du centre) : {why}" for why in view.rescans]
    lines += [f"À faire : {step}" for step in _what_to_do(view)]
    return "\r\n".join(lines) + "\r\n"


def describe_left_alone(names: Sequence[str]) -> str:
    """What is told of files that are known to hold no page, in French."""
    lines = [
        "Lot : aucun. Ces fichiers ne sont pas des pages : ils restent dans le dossier du scanner,",
        "ne sont ni lus ni envoyés, et ne manquent à aucun lot.",
        "À faire : rien. Si l'un d'eux est du courrier, numérisez-le ou donnez-le en PDF.",
        "",
        *(f" - {name}" for name in names[:_LISTED]),
    ]
    if len(names) > _LISTED:
        lines.append(f" - et {len(names) - _LISTED} autres")
    return "\r\n".join(lines) + "\r\n"


def _state_line(view: LotStatus) -> str:
    if view.count is None or view.shown is OperatorState.RUNNING:
        return view.shown.value
    count = f"{view.count.found} {view.count.unit} sur {view.count.expected}"
    return f"{view.shown.value} ({count}{', clôturé' if view.closed else ''})"


def _what_to_do(view: LotStatus) -> list[str]:
    if view.shown is OperatorState.INCOMPLETE:
        over = view.count is not None and view.count.result is CountResult.OVER
        first = (
            "vérifiez que deux lots ne sont pas mêlés"
            if over
            else "numérisez ce qui manque sous le même nom de lot"
        )
        return [
            f"{first} ;",
            f"ou clôturez le lot tel quel en déposant ici un fichier nommé"
            f" « {view.label}.cloturer ».",
        ]
    if view.shown is OperatorState.ERROR:
        return [f"suivez l'indication ci-dessus. {_OTHERS if view.documents else ''}".strip()]
    if view.shown is OperatorState.DONE:
        return ["rien. Gardez le papier selon les consignes du site."]
    return ["rien, patientez."]


class StatusFiles:
    """The status files of one watched folder.

    Whoever may write in the folder may put anything there under any name. Nothing is reached but by
    the folder's handle, no link is followed, a file is only ever made new and renamed, and what is
    under one of our names but does not begin as our files do is told and left.

    Args:
        folder: The watched folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, str] = {}
        self._is_swept = False

    def show(self, views: Sequence[LotStatus], left_alone: Sequence[str] = ()) -> list[OSError]:
        """Make the folder show exactly these lots; one that fails does not stop the others.

        Args:
            views: The lots.
            left_alone: Names of files in the folder that are known to hold no page.

        Raises:
            OSError: the folder cannot be made or listed.
        """
        with folder_at(self._folder) as above:
            with suppress(FileExistsError):
                os.mkdir(STATUS_FOLDER, dir_fd=above)
            fd = open_directory(STATUS_FOLDER, above)
        try:
            return self._show_all(fd, views, left_alone)
        finally:
            os.close(fd)

    def _show_all(
        self, fd: int, views: Sequence[LotStatus], left_alone: Sequence[str]
    ) -> list[OSError]:
        there: dict[str, list[str]] = {}
        for name in os.listdir(fd):
            if match := _OURS.fullmatch(composed(name)):
                there.setdefault(match["label"], []).append(name)
            elif not self._is_swept and _PARTIAL.fullmatch(name):
                os.unlink(name, dir_fd=fd)  # of a station that ended while it wrote
        self._is_swept = True
        problems = []
        shown = {view.label for view in views}
        for view in views:
            try:
                self._show(fd, view, there.get(view.label, []))
            except OSError as error:
                problems.append(error)
        for label in there.keys() - shown:
            for name in there[label]:
                if _is_ours(fd, name):
                    os.unlink(name, dir_fd=fd)
            self._written.pop(label, None)
        try:
            self._show_left_alone(fd, left_alone)
        except OSError as error:
            problems.append(error)
        return problems

    def _show(self, fd: int, view: LotStatus, there: Sequence[str]) -> None:
        name, text = file_name(view), status_text(view)
        if list(there) == [name] and self._is_written(fd, view.label, name, text):
            return
        old = name if name in there or not there else there[0]
        _refuse_strangers(fd, {old, name})
        _replace(fd, old, text)
        if old != name:
            os.rename(old, name, src_dir_fd=fd, dst_dir_fd=fd)
        for other in there:
            if other not in (name, old) and _is_ours(fd, other):
                os.unlink(other, dir_fd=fd)
        self._written[view.label] = text

    def _is_written(self, fd: int, label: str, name: str, text: str) -> bool:
        if label not in self._written:  # the first look since the start
            self._written[label] = _read(fd, name, 4 * len(text) + 4)
        return self._written[label] == text

    def _show_left_alone(self, fd: int, names: Sequence[str]) -> None:
        text = describe_left_alone(names) if names else ""
        is_there = _seen(fd, _LEFT_ALONE) is not None
        if is_there == bool(text) and self._written.get(_LEFT_ALONE, "") == text:
            return
        _refuse_strangers(fd, {_LEFT_ALONE})
        if text:
            _replace(fd, _LEFT_ALONE, text)
        else:
            with suppress(FileNotFoundError):
                os.unlink(_LEFT_ALONE, dir_fd=fd)
        self._written[_LEFT_ALONE] = text


def _refuse_strangers(fd: int, names: Iterable[str]) -> None:
    for name in names:
        if _seen(fd, name) is not None and not _is_ours(fd, name):
            raise FileExistsError(errno.EEXIST, "not a status file of ours", name)


def _seen(fd: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_ours(fd: int, name: str) -> bool:
    """A regular file that begins as ours do; an empty one is what a power cut left of one."""
    try:
        with open_regular(os.fsencode(name), fd) as file:
            head = os.pread(file, len(_BEGINNING), 0)
    except OSError:
        return False
    return head in (b"", _BEGINNING)


def _read(fd: int, name: str, size: int) -> str:
    with open_regular(os.fsencode(name), fd) as file:
        return os.pread(file, size, 0).decode("utf-8-sig", "replace")


def _replace(fd: int, name: str, text: str) -> None:
    """Write a new file beside, under a name that nobody can foresee, and rename it."""
    partial = f".vaguemestre-{secrets.token_hex(8)}.tmp"
    # Not through a link nor into a file that is there: O_EXCL opens only what it makes.
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=fd)
    try:
        with os.fdopen(file, "w", encoding="utf-8-sig", newline="") as out:
            out.write(text)
        os.rename(partial, name, src_dir_fd=fd, dst_dir_fd=fd)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial, dir_fd=fd)
        raise
