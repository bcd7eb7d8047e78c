"""The key machines accept what the checks confirm, and the search misses no valid string."""

import datetime as dt
import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.extraction import keys
from models.training.drawing import people
from vaguemestre.model.document import BoxMm, Check
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck
from vaguemestre.model.values import check_read

TODAY = dt.date(2026, 3, 20)


def spec_of(kind: FieldKind, check: NumberCheck = NumberCheck.NONE) -> FieldSpec:
    return FieldSpec("x", kind, check=check, box_mm=BoxMm(0, 0, 1, 1))


KEYED = {
    "nir": spec_of(FieldKind.NIR),
    "date": spec_of(FieldKind.DATE),
    "rpps": spec_of(FieldKind.DIGITS, NumberCheck.RPPS_OR_AM),
    "finess": spec_of(FieldKind.DIGITS, NumberCheck.FINESS),
    "siret": spec_of(FieldKind.DIGITS, NumberCheck.STRUCTURE),
}


def valid(name: str, rng: random.Random) -> str:
    """A string whose key holds."""
    match name:
        case "nir":
            return people.person(rng).nir
        case "date":
            return f"{people.person(rng).born:%d%m%Y}"
        case "rpps":
            return people.with_luhn(rng, 11, "10")
        case "finess":
            return people.with_luhn(rng, 9)
        case _:
            return _la_poste(rng) if rng.random() < 0.3 else people.siret(rng)


def _la_poste(rng: random.Random) -> str:
    body = "356000000" + "".join(rng.choice("0123456789") for _ in range(4))
    return body + str(-sum(map(int, body)) % 5)


def walked(key: keys.Key, text: str) -> bool:
    state = key.start
    for place, char in enumerate(text):
        state = key.step(state, place, char)
        if state is None:
            return False
    return key.ends(state)


@pytest.mark.parametrize("name", KEYED)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), changes=st.integers(0, 2))
def test_a_machine_accepts_what_the_check_confirms(name: str, seed: int, changes: int) -> None:
    rng = random.Random(seed)
    text = list(valid(name, rng))
    for _ in range(changes):
        text[rng.randrange(len(text))] = rng.choice("0123456789AB" if name == "nir" else "01234567")
    spec, string = KEYED[name], "".join(text)
    key = keys.find_key(spec, len(string), TODAY)
    assert key is not None
    assert walked(key, string) == (check_read(spec, string, TODAY).check is Check.OK)


@pytest.mark.parametrize("name", KEYED)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_search_finds_what_trying_every_string_finds(name: str, seed: int) -> None:
    rng = random.Random(seed)
    alternatives = _doubtful(valid(name, rng), rng)
    spec = KEYED[name]
    key = keys.find_key(spec, len(alternatives), TODAY)
    assert key is not None
    found = keys.best_valid_text(alternatives, key)
    chances = sorted(
        (
            (math.prod(chance for _, chance in chosen), "".join(char for char, _ in chosen))
            for chosen in itertools.product(*alternatives)
            if check_read(spec, "".join(char for char, _ in chosen), TODAY).check is Check.OK
        ),
        reverse=True,
    )
    if found is None:
        assert chances == []
        return
    best, text = chances[0]
    assert found.text == text
    assert found.share == pytest.approx(best / sum(chance for chance, _ in chances))
    if len(chances) > 1:
        assert found.margin == pytest.approx(best / chances[1][0])
    else:
        assert found.margin == math.inf


def _doubtful(truth: str, rng: random.Random) -> list[list[tuple[str, float]]]:
    """Each character sure, or with a few others that may be likelier."""
    alternatives = []
    doubtful = set(rng.sample(range(len(truth)), 6))
    for place, char in enumerate(truth):
        others = rng.sample([c for c in "0123456789" if c != char], 2) if place in doubtful else []
        weights = [rng.random() + 0.02 for _ in (char, *others)]
        ranked = [(c, w / sum(weights)) for c, w in zip((char, *others), weights, strict=True)]
        alternatives.append(sorted(ranked, key=lambda one: -one[1]))
    return alternatives


@pytest.mark.parametrize(("kind", "length"), [("nir", 14), ("date", 6), ("siret", 13)])
def test_no_key_is_for_a_string_of_another_length(kind: str, length: int) -> None:
    assert keys.find_key(KEYED[kind], length, TODAY) is None
