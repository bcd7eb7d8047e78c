"""Commands of the pages of keyers: the letter of each, and letters that a person chose instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_NAMING, _KEYING, _CONTROL, _GROUP = "Nommer", "Vidéocoder", "Contrôler", "Grouper"
_OF_FIELDS = (_KEYING, _CONTROL, _GROUP)
_OF_DOCUMENTS = (_NAMING, _KEYING)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name in pages and forms, its usual letter, and where it is."""

    name: str
    letter: str
    title: str
    pages: tuple[str, ...]


COMMANDS = (
    Command("turn", "t", "Tourner", (_NAMING,)),
    Command("blank", "b", "Page blanche", (_NAMING,)),
    Command("split", "s", "Séparer ici", (_NAMING,)),
    Command("attach", "p", "Joindre au précédent", (_NAMING,)),
    Command("join", "j", "Joindre le suivant", (_NAMING,)),
    Command("misdirected", "x", "Autre organisme", (_NAMING,)),
    Command("duplicate", "o", "Doublon", (_NAMING,)),
    Command("urgent", "u", "Urgent", (_NAMING,)),
    Command("illegible", "i", "Illisible", _OF_FIELDS),
    Command("absent", "v", "Absent", _OF_FIELDS),
    Command("wrong_on_paper", "k", "Faux sur le papier", (_KEYING, _CONTROL)),
    Command("copy", "c", "Comme le précédent", (_KEYING, _CONTROL)),
    Command("rename", "n", "Mauvais type", (_KEYING,)),
    Command("send_done", "e", "Envoyer ce qui est fait", (_GROUP,)),
    Command("rescan", "r", "Renumériser", _OF_DOCUMENTS),
    Command("pass", "m", "Transmettre", _OF_DOCUMENTS),
    Command("back", "l", "Reprendre le dernier", (*_OF_DOCUMENTS, _GROUP)),
    Command("zoom", "z", "Agrandir", (*_OF_DOCUMENTS, _CONTROL)),
)
USUAL: Mapping[str, str] = MappingProxyType({one.name: one.letter for one in COMMANDS})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why letters cannot be: ``second`` is None where the first has no letter."""

    first: Command
    second: Command | None = None


def fault(letters: Mapping[str, str]) -> Fault | None:
    """Find what is wrong with the letters of all commands; None: nothing.

    Args:
        letters: By the command's name.
    """
    for number, one in enumerate(COMMANDS):
        letter = letters.get(one.name, "")
        if not (len(letter) == 1 and letter.isascii() and letter.islower()):
            return Fault(one)
        for other in COMMANDS[:number]:
            if letters[other.name] == letter and set(one.pages) & set(other.pages):
                return Fault(other, one)
    return None


def letters_of(chosen: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The letter of each command for a person; the usual ones where theirs no longer fit.

    Args:
        chosen: Names and letters that they chose; a later version may know other commands.
    """
    letters = {**USUAL, **{name: letter for name, letter in chosen if name in USUAL}}
    return letters if fault(letters) is None else dict(USUAL)


def chosen_of(letters: Mapping[str, str]) -> dict[str, str]:
    """Only what differs from the usual letters."""
    return {name: letter for name, letter in letters.items() if USUAL[name] != letter}
