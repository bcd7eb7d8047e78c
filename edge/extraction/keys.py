"""Check keys: the likeliest valid string among a reader's best few characters.

Each key is a finite automaton that reads a string from left to right: after each character its
state holds all that the key still needs of what came before, a remainder, a sum, a day and a month.
What an automaton accepts is what ``vaguemestre.model.values`` confirms; a test holds them together.

``best_valid_text`` walks over the states and keeps, for each, the two likeliest paths to it and the
probability of all paths: no valid string is missed, and how likely the winner is among all valid
ones comes out too. It is taken when it is clearly likelier than the next one. What the key chose it
cannot also confirm: such a value is *repaired*, and accepting it needs evidence from elsewhere.
"""

import datetime as dt
import heapq
import itertools
import math
from collections.abc import Callable, Sequence
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
class NoKey:
    """Anything goes: there is no key."""

    start: State = 0

    def step(self, state: State, place: int, char: str) -> State | None:  # noqa: ARG002
        """Always the same."""
        return state

    def ends(self, state: State) -> bool:  # noqa: ARG002
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class NirKey:
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
class LuhnKey:
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
class SiretKey:
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
class DateKey:
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


def find_key(spec: FieldSpec, length: int, today: dt.date) -> Key | None:
    """The key of a field whose comb holds so many characters.

    Returns:
        None when no value of this kind is so long.
    """
    match spec.kind:
        case FieldKind.NIR:
            return NirKey() if length == 15 else None
        case FieldKind.DATE:
            return DateKey(values.latest_day(spec, today)) if length == 8 else None
        case FieldKind.AMOUNT:
            return NoKey()
        case FieldKind.DIGITS:
            return _of_number(spec.check, length)
        case _:
            return None


def _of_number(check: NumberCheck, length: int) -> Key | None:
    match check, length:
        case NumberCheck.NONE, _:
            return NoKey()
        case ((NumberCheck.AM | NumberCheck.RPPS_OR_AM | NumberCheck.STRUCTURE), 9):
            return NoKey()
        case ((NumberCheck.RPPS | NumberCheck.RPPS_OR_AM), 11):
            return LuhnKey(11)
        case NumberCheck.FINESS, 9:
            return LuhnKey(9)
        case ((NumberCheck.SIRET | NumberCheck.STRUCTURE), 14):
            return SiretKey()
        case NumberCheck.LUHN, _:
            return LuhnKey(length)
        case _:
            return None


Alternatives = Sequence[Sequence[tuple[str, float]]]

_MIN_SEARCH_PROBABILITY = 2e-3  # an alternative below this probability is noise
_MOST = 4  # alternatives a character


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """The likeliest valid string.

    ``share`` is its probability among all valid strings; ``margin`` how many times likelier it is
    than the next valid one (infinite when there is none); ``is_best`` whether it is the reader's
    likeliest string anyway, so that the key confirms and does not choose.
    """

    text: str
    share: float
    margin: float
    is_best: bool


@dataclass(slots=True)
class _Paths:
    """Ways to one state: the two best, and the probability of all."""

    best: tuple[float, str]
    second: tuple[float, str] | None
    total: float

    def add(self, chance: float, text: str) -> None:
        """Let one way in among the two best."""
        if chance > self.best[0]:
            self.best, self.second = (chance, text), self.best
        elif self.second is None or chance > self.second[0]:
            self.second = (chance, text)


def best_valid_text(alternatives: Alternatives, key: Key) -> KeyMatch | None:
    """Find the likeliest string that satisfies the key.

    Args:
        alternatives: For each character its best few with their probabilities, best first.
        key: For strings of this length.

    Returns:
        None when no string of these characters satisfies it.
    """
    ways: dict[State, _Paths] = {key.start: _Paths((1.0, ""), None, 1.0)}
    for place, ranked in enumerate(alternatives):
        ways = _stepped(ways, place, likely_alternatives(ranked), key)
    ended = [found for state, found in ways.items() if key.ends(state)]
    if not ended:
        return None
    both = sorted(
        (way for found in ended for way in (found.best, found.second) if way is not None),
        reverse=True,
    )
    (chance, text), *others = both[:2]
    total = sum(found.total for found in ended)
    return KeyMatch(
        text,
        min(1.0, chance / total) if total > 0 else 0.0,
        chance / others[0][0] if others and others[0][0] > 0 else math.inf,
        text == "".join(ranked[0][0] for ranked in alternatives),
    )


def likely_alternatives(ranked: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    """The alternatives that a search looks at; never none of them."""
    return [
        (char, max(chance, 1e-12))
        for i, (char, chance) in enumerate(ranked[:_MOST])
        if i == 0 or chance >= _MIN_SEARCH_PROBABILITY
    ]


def _stepped(
    ways: dict[State, _Paths], place: int, ranked: Sequence[tuple[str, float]], key: Key
) -> dict[State, _Paths]:
    after: dict[State, _Paths] = {}
    for state, found in ways.items():
        for char, chance in ranked:
            following = key.step(state, place, char)
            if following is None:
                continue
            best = (found.best[0] * chance, found.best[1] + char)
            there = after.get(following)
            if there is None:
                there = after[following] = _Paths(best, None, 0.0)
            else:
                there.add(*best)
            if found.second is not None:
                there.add(found.second[0] * chance, found.second[1] + char)
            there.total += found.total * chance
    return after


_MOST_CHANGES = 2
_LEAST_MARGIN = math.log(4.0)  # the next valid string must be this much less likely
_MIN_REPAIR_PROBABILITY = 0.01  # an alternative below this probability is noise


def repair_text(alternatives: Alternatives, is_valid: Callable[[str], bool]) -> str | None:
    """Return the repaired string, or None when no valid one stands out.

    Args:
        alternatives: For each character its best few with their probabilities, best first.
        is_valid: The check.
    """
    best = "".join(ranked[0][0] for ranked in alternatives)
    candidates = [(cost, text) for cost, text in _variants(best, alternatives) if is_valid(text)]
    if not candidates:
        return None
    ranked = heapq.nsmallest(2, candidates)
    if len(ranked) == 2 and ranked[1][0] - ranked[0][0] < _LEAST_MARGIN:
        return None
    return ranked[0][1]


def _variants(best: str, alternatives: Alternatives) -> list[tuple[float, str]]:
    """All strings that differ in one or two characters, with their cost in log-likelihood."""
    changes = [
        (position, char, math.log(ranked[0][1]) - math.log(chance))
        for position, ranked in enumerate(alternatives)
        for char, chance in ranked[1:]
        if chance >= _MIN_REPAIR_PROBABILITY
    ]
    found = []
    for size in range(1, _MOST_CHANGES + 1):
        for chosen in itertools.combinations(changes, size):
            if len({position for position, _, _ in chosen}) < size:
                continue
            text = list(best)
            for position, char, _ in chosen:
                text[position] = char
            found.append((sum(cost for _, _, cost in chosen), "".join(text)))
    return found
