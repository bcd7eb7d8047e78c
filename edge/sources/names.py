"""What names in a scanner's folder mean.

Names are handled as Python gives them (undecodable bytes as lone surrogates) and shown as
valid Unicode, accents as one code point each. What lies on the disk keeps its own spelling.
"""

import os
import re
import unicodedata

from edge.spool.keys import composed

STATUS_FOLDER = "_etat"

_TEMPORARY = (".filepart", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", "~")
_LITTER = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "#recycle", "#snapshot", "@recycle"),
        *("@recently-snapshot", "$recycle.bin", "system volume information", "lost+found"),
        *("network trash folder", "temporary items", STATUS_FOLDER),
    }
)
# What scanners and people's programs write beside images. Anything else may hold pages, and is
# answered for: a letter as ``.html`` or ``.eml``, a ``.dat`` that is no index, a bare name.
_BESIDE_PAGES = (
    *(".xml", ".csv", ".json", ".txt", ".log", ".ini", ".idx", ".xmp", ".url", ".lnk"),
    *(".md5", ".sha1", ".sha256", ".sfv"),
    *(".lck", ".lock", ".ok", ".done", ".rdy", ".sem", ".flg", ".trg"),
)
_CLOSING = (".cloturer", ".cloture")
_STATE_WORDS = re.compile(r" - (EN COURS|INCOMPLET.*|TERMINÉ|ERREUR)$")


def is_ignored(name: str) -> bool:
    """Temporary names, hidden ones, and what Windows, macOS and NAS boxes leave behind.

    A file under a temporary name is seen again, as new, under its final one. Two dots hide
    nothing: nobody's program writes so, and a person's file is to be answered for.
    """
    folded = name.casefold()
    is_hidden = folded.startswith(".") and not folded.startswith("..")
    return is_hidden or folded.startswith("~$") or folded.endswith(_TEMPORARY) or folded in _LITTER


def is_beside_pages(name: str) -> bool:
    """A file's name says that it holds no page: metadata, sums, locks and signals of a scanner."""
    return name.casefold().endswith(_BESIDE_PAGES)


def lot_to_close(name: str) -> str | None:
    """Read the lot's name off a file that an operator dropped to close it; None for others.

    ``LOT12.cloturer`` and, with accents or capitals, ``LOT12.CLÔTURER`` close LOT12; so does the
    status file when only its ending was changed.
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
    ).casefold()
    if not plain.endswith(_CLOSING):
        return None
    stem = composed(name).rpartition(".")[0]
    return _STATE_WORDS.sub("", clean(stem).removesuffix(".txt")) or None


def clean(name: str) -> str:
    r"""Show a name as valid Unicode: undecodable bytes become ``\xff``, control ones ``�``."""
    text = composed(os.fsencode(name).decode("utf-8", "backslashreplace"))
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)
