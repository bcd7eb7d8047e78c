"""What people type: normalised as pôles receive it, refused with a French reason."""

import datetime as dt

import pytest

from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck
from vaguemestre.model.values import MAX_TYPED_CHARACTERS, check_typed

_TODAY = dt.date(2026, 11, 24)


def _read(kind: str, text: str, check: str = "", *, ahead: bool = False) -> tuple[str | None, str]:
    spec = FieldSpec("x", FieldKind(kind), check=NumberCheck(check), may_lie_ahead=ahead)
    found = check_typed(spec, text, _TODAY)
    assert (found.value is None) == bool(found.problem)
    return found.value, found.check


@pytest.mark.parametrize(
    ("kind", "text", "value", "check"),
    [
        ("nir", "2 55 08 14 168 025 38", "255081416802538", "ok"),
        ("nir", "2550814168025", "2550814168025", "none"),
        ("nir", "1 85 05 2a 006 048 71", "185052A00604871", "ok"),
        ("date", "24112026", "2026-11-24", "ok"),
        ("date", "241126", "2026-11-24", "ok"),
        ("date", "24/11/27", "1927-11-24", "ok"),
        ("date", "1.2.1990", "1990-02-01", "ok"),
        ("date", "2026-11-24", "2026-11-24", "ok"),
        ("amount", "26,5", "26.50", "none"),
        ("amount", "1 026,50 €", "1026.50", "none"),
        ("tick", "X", "true", "none"),
        ("tick", "", "false", "none"),
        ("name", "  MARTIN   LÉA ", "MARTIN LÉA", "none"),
        ("code", "cs-12", "CS12", "none"),
        ("iban", "fr14 2004 1010 0505 0001 3m02 606", "FR1420041010050500013M02606", "ok"),
    ],
)
def test_a_value_comes_out_as_poles_receive_it(
    kind: str, text: str, value: str, check: str
) -> None:
    assert _read(kind, text) == (value, check)


@pytest.mark.parametrize(
    ("kind", "text", "check"),
    [
        ("nir", "255081416802539", ""),
        ("nir", "955081416802538", ""),
        ("nir", "25508141680253", ""),
        ("date", "31022026", ""),
        ("date", "25/11/2026", ""),
        ("date", "01/01/1800", ""),
        ("date", "hier", ""),
        ("amount", "26,505", ""),
        ("amount", "²6", ""),
        ("digits", "12A", ""),
        ("digits", "٣٤", ""),
        ("digits", "10002345678", "rpps"),
        ("digits", "1234", "rpps_or_am"),
        ("digits", "73282932000075", "siret"),
        ("iban", "FR1420041010050500013M02607", ""),
        ("tick", "peut-être", ""),
        ("name", "12 - 4", ""),
        ("text", "", ""),
        ("text", "x" * (MAX_TYPED_CHARACTERS + 1), ""),
    ],
)
def test_what_cannot_be_is_refused(kind: str, text: str, check: str) -> None:
    assert _read(kind, text, check)[0] is None


def test_a_siret_of_la_poste_has_its_own_sum() -> None:
    assert _read("digits", "356 000 000 00048", "siret")[1] == "ok"


def test_a_date_may_lie_ahead_where_its_field_says_so() -> None:
    assert _read("date", "25/11/2026", ahead=True) == ("2026-11-25", "ok")
