"""One small text file beside each lot tells its operator where it stands and what to do.

They live in the watched folder's own ``_etat``, which the watcher ignores: ``LOT0012 - EN
COURS.txt``, ``LOT0012 - INCOMPLET 37 sur 50.txt``. Content is replaced atomically and then
renamed with the state, so that a lot never has two files or none.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from edge.sources.names import STATUS_FOLDER
from edge.spool.counts import Verdict
from edge.spool.files import open_regular
from edge.spool.values import LotView, Shown

_OURS = re.compile(r"(?P<label>.+) - (EN COURS|INCOMPLET[^-]*|TERMINÉ|ERREUR)\.txt")
_LISTED = 50  # lines of set-aside files; the rest is counted
_OTHERS = "Les autres documents du lot suivent leur cours."


def file_name(view: LotView) -> str:
    """The status file's name."""
    words = view.shown.value
    if view.shown is Shown.INCOMPLETE and view.count is not None:
        words += f" {view.count.found} sur {view.count.expected}"
    return f"{view.label} - {words}.txt"


def describe(view: LotView) -> str:
    """The status file's text, in French."""
    lines = [f"Lot {view.name}", f"État : {_state_line(view)}"]
    lines += [f"Vu le {view.received_at.astimezone():%d/%m/%Y à %H:%M}", "", view.detail, ""]
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
            page = "" if aside.page is None else f", page {aside.page + 1}"
            lines.append(f" - {aside.file}{page} : {aside.reason} [{aside.code}]")
        if len(view.set_aside) > _LISTED:
            lines.append(f" - et {len(view.set_aside) - _LISTED} autres")
        lines.append("")
    lines += [f"À numériser de nouveau (demande du centre) : {why}" for why in view.rescans]
    lines += [f"À faire : {step}" for step in _what_to_do(view)]
    return "\r\n".join(lines) + "\r\n"


def _state_line(view: LotView) -> str:
    if view.count is None or view.shown is Shown.RUNNING:
        return view.shown.value
    count = f"{view.count.found} {view.count.unit} sur {view.count.expected}"
    return f"{view.shown.value} ({count}{', clôturé' if view.closed else ''})"


def _what_to_do(view: LotView) -> list[str]:
    if view.shown is Shown.INCOMPLETE:
        over = view.count is not None and view.count.verdict is Verdict.OVER
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
    if view.shown is Shown.ERROR:
        return [f"suivez l'indication ci-dessus. {_OTHERS if view.documents else ''}".strip()]
    if view.shown is Shown.DONE:
        return ["rien. Gardez le papier selon les consignes du site."]
    return ["rien, patientez."]


class StatusFiles:
    """The status files of one watched folder.

    Args:
        folder: The watched folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / STATUS_FOLDER
        self._written: dict[str, str] = {}

    def show(self, views: Sequence[LotView]) -> list[OSError]:
        """Make the folder show exactly these lots; one that fails does not stop the others.

        Raises:
            OSError: the folder cannot be made or listed.
        """
        self._folder.mkdir(exist_ok=True)
        if self._folder.is_symlink():
            raise NotADirectoryError(f"{self._folder} is a link")
        there: dict[str, list[str]] = {}
        for path in self._folder.iterdir():
            if match := _OURS.fullmatch(path.name):
                there.setdefault(match["label"], []).append(path.name)
        problems = []
        shown = {view.label for view in views}
        for view in views:
            try:
                self._show(view, there.get(view.label, []))
            except OSError as error:
                problems.append(error)
        for label in there.keys() - shown:
            for name in there[label]:
                (self._folder / name).unlink(missing_ok=True)
            self._written.pop(label, None)
        return problems

    def _show(self, view: LotView, there: list[str]) -> None:
        name, text = file_name(view), describe(view)
        if there == [name] and self._is_written(view.label, name, text):
            return
        old = self._folder / (name if name in there or not there else there[0])
        partial = self._folder / f".{os.getpid()}.tmp"
        # The mark lets an old Windows editor see that this is UTF-8.
        partial.write_text(text, encoding="utf-8-sig", newline="")
        partial.replace(old)
        if old.name != name:
            old.rename(self._folder / name)
        for other in there:
            if other not in (name, old.name):
                (self._folder / other).unlink(missing_ok=True)
        self._written[view.label] = text

    def _is_written(self, label: str, name: str, text: str) -> bool:
        if label not in self._written:  # the first look since the start
            with open_regular(self._folder / name) as fd:
                there = os.pread(fd, 4 * len(text) + 4, 0).decode("utf-8-sig", "replace")
            self._written[label] = there
        return self._written[label] == text
