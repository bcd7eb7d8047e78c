"""Which dates of which types may lie ahead: decided for every date that a form has."""

import datetime as dt

import pytest

from central.pack import load_plan
from vaguemestre import pack
from vaguemestre.model.values import check_typed

_PLAN = load_plan(pack.default_dir())
_TODAY = dt.date(2026, 3, 2)
_AHEAD = {
    *(("S3116", name) for name in ("stop_from", "stop_to")),
    *(
        ("S3501", f"{name}{number}")
        for name in ("agreement_from", "agreement_to")
        for number in ("", "_2", "_3")
    ),
    ("S3501", "valid_until"),
    ("S3110", "maternity_date"),
    ("bulletin_hospitalisation", "discharged_on"),
}
_ENDINGS = ("_to", "_until", "_end")
_PAST = {("S3125", "date_to")}  # of care that was received


def _dates() -> set[tuple[str, str]]:
    return {
        (code, one.name)
        for code, entry in _PLAN.types.items()
        for one in entry.fields
        if one.kind == "date"
    }


def test_these_dates_may_lie_ahead_and_no_others() -> None:
    found = {
        (code, one.name)
        for code, entry in _PLAN.types.items()
        for one in entry.fields
        if one.may_lie_ahead
    }
    assert found == _AHEAD


def test_a_date_that_ends_something_may_lie_ahead_or_is_told_here() -> None:
    ends = {(code, name) for code, name in _dates() if name.rstrip("_23").endswith(_ENDINGS)}
    assert ends == {one for one in _AHEAD | _PAST if one[1].rstrip("_23").endswith(_ENDINGS)}


@pytest.mark.parametrize(("code", "name"), sorted(_AHEAD))
def test_a_keyer_may_enter_a_date_that_lies_ahead(code: str, name: str) -> None:
    spec = next(one for one in _PLAN.of(code).fields if one.name == name)
    typed = check_typed(spec, "20/03/2026", _TODAY)
    assert typed.value == "2026-03-20"
