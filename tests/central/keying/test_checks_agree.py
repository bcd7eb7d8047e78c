"""The checks while somebody types (JavaScript) say what the centre's own (Python) say."""

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from stdnum import luhn
from stdnum.fr import nir

from tests.support.browser import chromium, visitor
from tests.support.console import serving, settings
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck
from vaguemestre.model.values import check_typed

_TODAY = dt.date(2026, 11, 24)
_SEED, _EACH = 4, 60
_KINDS = (
    ("nir", ""), ("date", ""), ("amount", ""), ("iban", ""), ("tick", ""), ("code", ""),
    ("name", ""), ("digits", ""), ("digits", "rpps"), ("digits", "am"), ("digits", "rpps_or_am"),
    ("digits", "siret"), ("digits", "finess"), ("digits", "structure"), ("digits", "luhn"),
)  # fmt: skip


def _nir(chance: random.Random) -> str:
    first = f"{chance.choice('1278')}{chance.randrange(100):02}{chance.randrange(1, 13):02}"
    place = chance.choice([f"{chance.randrange(1, 96):02}", "2A", "2B"])
    whole = f"{first}{place}{chance.randrange(10**6):06}"
    return whole + nir.calc_check_digits(whole)


def _number(chance: random.Random) -> str:
    plain = "".join(
        chance.choice("0123456789") for _ in range(chance.choice([5, 8, 9, 10, 13, 14]))
    )
    if chance.random() < 0.3:
        plain = f"356000000{plain[:4]}"
    return plain + luhn.calc_check_digit(plain) if chance.random() < 0.6 else plain


def _date(chance: random.Random) -> str:
    day, month = chance.randrange(1, 33), chance.randrange(1, 14)
    year = chance.choice([chance.randrange(1880, 2030), chance.randrange(100)])
    mark = chance.choice(["", "/", ".", "-", " "])
    return f"{day:02}{mark}{month:02}{mark}{year:0{4 if year > 99 else 2}}"


def _amount(chance: random.Random) -> str:
    cents = chance.choice(["", ",5", ".25", ",125"])
    return f"{chance.randrange(10 ** chance.randrange(1, 9))}{cents}"


def _word(chance: random.Random) -> str:
    return chance.choice(["x", "X", "oui", "non", "0", "1", "A", "12", "é", "- -", "CS"])


def _samples(kind: str, chance: random.Random) -> list[str]:
    make: Callable[[random.Random], str] = {
        "nir": _nir, "date": _date, "digits": _number, "amount": _amount,
        "iban": lambda _: "FR1420041010050500013M02606",
    }.get(kind, _word)  # fmt: skip
    return [_mistaken(make(chance), chance) for _ in range(_EACH)]


def _mistaken(text: str, chance: random.Random) -> str:
    """Often as it is, else with one character wrong, gone or doubled."""
    if chance.random() > 0.4 or not text:
        return text
    at = chance.randrange(len(text))
    instead = chance.choice(["", text[at] * 2, chance.choice("0123456789A ")])
    return text[:at] + instead + text[at + 1 :]


def _cases() -> list[dict[str, Any]]:
    chance = random.Random(_SEED)
    return [
        {"kind": kind, "check": check, "text": text}
        for kind, check in _KINDS
        for text in _samples(kind, chance)
    ]


def test_both_say_the_same_of_the_same_values(engine: sa.Engine, tmp_path: Path) -> None:
    cases = _cases()
    with serving(settings(tmp_path), engine) as client, chromium() as browser:
        page = visitor(browser, str(client.base_url))
        page.goto("/connexion")
        told = page.evaluate(
            """async (cases) => {
              const { check } = await import("/static/checks.js");
              const today = new Date(Date.UTC(2026, 10, 24, 12));
              const say = (one) => check({ ...one, required: true }, one.text, today);
              return cases.map((one) => say(one).isUsable);
            }""",
            cases,
        )
    differ = []
    for one, is_usable in zip(cases, told, strict=True):
        spec = FieldSpec("x", FieldKind(one["kind"]), check=NumberCheck(one["check"]))
        if (check_typed(spec, one["text"], _TODAY).problem == "") != is_usable:
            differ.append(one)
    assert differ == []
    assert {True, False} <= set(told)


@pytest.mark.parametrize("kind", ["nir", "date", "iban", "amount"])
def test_the_samples_hold_right_and_wrong_values(kind: str) -> None:
    chance = random.Random(1)
    found = [
        check_typed(FieldSpec("x", FieldKind(kind)), text, _TODAY)
        for text in _samples(kind, chance)
    ]
    assert {bool(one.problem) for one in found} == {True, False}
