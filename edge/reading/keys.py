"""Check keys as small machines that read a string from left to right.

A machine knows, after each character, all that its key still needs of what came before: a
remainder, a sum, a day and a month. Searching every string that satisfies the key is then a walk
over its few states (``edge/reading/keysearch.py``). What a machine accepts is what
``vaguemestre.model.values`` confirms; a test holds them together.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

from vaguemestre.model import values
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck

State = Any  # of each key its own: hashable

_SEXES = frozenset("123478")
_CORSICA = {"A": -1, "B": -2}  # 2A counts as 19, 2B as 18
_LA_POSTE = "356000000"


class Key(Protocol):
    """What a string of one length must satisfy."""

    @property
    def start(self) -> State:
        """The state before the first character."""
        ...

    def step(self, state: State, place: int, char: str) -> State | None:
        """The state after one more character; None when no string can begin so."""
        ...

    def ends(self, state: State) -> bool:
        """Whether a string that led here satisfies the key."""
        ...


@dataclass(frozen=True, slots=True)
class Free:
    """Anything goes: there is no key."""

    start: State = 0

    def step(self, state: State, place: int, char: str) -> State | None:  # noqa: ARG002
        """Always the same."""
        return state

    def ends(self, state: State) -> bool:  # noqa: ARG002
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class Nir:
    """A NIR with its key: the remainder modulo 97, and the character that the next one needs."""

    start: State = (0, "")

    def step(self, state: State, place: int, char: str) -> State | None:
        """Follow sex, year, month, department, and the key's first digit."""
        rest, before = state
        if place < 13:
            if char in _CORSICA:
                if place != 6 or before != "2":
                    return None
                return (rest * 10 + _CORSICA[char]) % 97, ""
            if place == 0 and char not in _SEXES:
                return None
            if place == 4 and not _is_month(before + char):
                return None
            keeps = char if place in (3, 5) else ""
            return (rest * 10 + int(char)) % 97, keeps
        if not char.isdigit():
            return None
        return (rest, before + char)

    def ends(self, state: State) -> bool:
        """Whether the key is the one of the remainder."""
        rest, key = state
        return len(key) == 2 and int(key) == 97 - rest


def _is_month(text: str) -> bool:
    """01 to 12, or one of the numbers that stand for incomplete records."""
    month = int(text)
    return 1 <= month <= 12 or 20 <= month <= 42 or month >= 50


@dataclass(frozen=True, slots=True)
class Luhn:
    """A number of this length whose Luhn sum is a multiple of ten."""

    length: int
    start: State = 0

    def step(self, state: State, place: int, char: str) -> State | None:
        """Add one digit to the sum."""
        if not char.isdigit():
            return None
        return (state + _weighed(char, self.length - place)) % 10

    def ends(self, state: State) -> bool:
        """Whether the sum comes out."""
        return bool(state == 0)


def _weighed(char: str, from_right: int) -> int:
    """A digit's part of a Luhn sum; the last digit is the first from the right."""
    digit = int(char)
    return digit if from_right % 2 else digit * 2 - 9 * (digit > 4)


@dataclass(frozen=True, slots=True)
class Siret:
    """A SIREN that holds, and an establishment that makes the whole hold; La Poste sums to five.

    States are the sum of fourteen, that of the first nine, whether La Poste's number has been
    read so far, and its plain sum.
    """

    start: State = (0, 0, True, 0)

    def step(self, state: State, place: int, char: str) -> State | None:
        """Add one digit to both sums."""
        if not char.isdigit():
            return None
        whole, siren, poste, plain = state
        whole = (whole + _weighed(char, 14 - place)) % 10
        if place < 9:
            siren = (siren + _weighed(char, 9 - place)) % 10
            poste = poste and char == _LA_POSTE[place]
            if place == 8 and siren != 0 and not poste:
                return None
        return whole, siren, poste, (plain + int(char)) % 5 if poste else 0

    def ends(self, state: State) -> bool:
        """Whether the sum comes out, or La Poste's."""
        whole, siren, poste, plain = state
        return bool((whole == 0 and siren == 0) or (poste and plain == 0))


@dataclass(frozen=True, slots=True)
class Calendar:
    """``JJMMAAAA``: a day that exists, not after ``latest``. States are what was read so far."""

    latest: dt.date
    start: State = ""

    def step(self, state: State, place: int, char: str) -> State | None:
        """One more digit; no day above 31, no month above 12, no year that is too far."""
        text = f"{state}{char}"
        if not char.isdigit():
            return None
        if place == 1 and not 1 <= int(text) <= 31:
            return None
        if place == 3 and not 1 <= int(text[2:]) <= 12:
            return None
        if place > 3:
            first, last = int(text[4:].ljust(4, "0")), int(text[4:].ljust(4, "9"))
            if last < values.OLDEST_YEAR or first > self.latest.year:
                return None
        return text

    def ends(self, state: State) -> bool:
        """Whether the day is in the calendar."""
        try:
            return dt.date(int(state[4:]), int(state[2:4]), int(state[:2])) <= self.latest
        except ValueError:
            return False


def key_of(spec: FieldSpec, length: int, today: dt.date) -> Key | None:
    """The key of a field whose comb holds so many characters.

    Returns:
        None when no value of this kind is so long.
    """
    match spec.kind:
        case FieldKind.NIR:
            return Nir() if length == 15 else None
        case FieldKind.DATE:
            return Calendar(values.latest(spec, today)) if length == 8 else None
        case FieldKind.AMOUNT:
            return Free()
        case FieldKind.DIGITS:
            return _of_number(spec.check, length)
        case _:
            return None


def _of_number(check: NumberCheck, length: int) -> Key | None:
    match check, length:
        case NumberCheck.NONE, _:
            return Free()
        case ((NumberCheck.AM | NumberCheck.RPPS_OR_AM | NumberCheck.STRUCTURE), 9):
            return Free()
        case ((NumberCheck.RPPS | NumberCheck.RPPS_OR_AM), 11):
            return Luhn(11)
        case NumberCheck.FINESS, 9:
            return Luhn(9)
        case ((NumberCheck.SIRET | NumberCheck.STRUCTURE), 14):
            return Siret()
        case NumberCheck.LUHN, _:
            return Luhn(length)
        case _:
            return None
