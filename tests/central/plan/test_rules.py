"""Changes of the plan: what they say of a type and of one document."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from central.pack import load_plan
from central.plan.rules import PlannedRoute, as_json, changed_route, from_json, plan_difference
from vaguemestre import pack

_PLAN = load_plan(pack.default_dir())
_TUESDAY = dt.date(2026, 11, 3)
_WAY = PlannedRoute("Frais de santé", "FRAIS_DE_SANTE", dt.date(2026, 11, 10))


def test_only_what_differs_from_the_plan_is_a_change() -> None:
    entry = _PLAN.of("S3110")
    same = {"pole": entry.pole, "destination": entry.destination, "delay_days": entry.delay_days}
    assert plan_difference(entry, same) == {}
    assert plan_difference(entry, {**same, "delay_days": 1}) == {"delay_days": 1}


def test_a_change_of_the_route_leaves_the_due_date_alone() -> None:
    after = changed_route(_WAY, _TUESDAY, {"destination": "ATEMPO"}, ())
    assert after == PlannedRoute("Frais de santé", "ATEMPO", _WAY.due_on)


def test_a_change_of_the_delay_counts_from_the_receipt() -> None:
    after = changed_route(_WAY, _TUESDAY, {"delay_days": 6}, {dt.date(2026, 11, 11)})
    assert after == PlannedRoute("Frais de santé", "FRAIS_DE_SANTE", dt.date(2026, 11, 12))


def test_a_change_for_every_fund_reaches_those_with_a_way_of_their_own() -> None:
    code, fund = next(
        (entry.code, fund)
        for entry in _PLAN.types.values()
        for fund, special in entry.funds.items()
        if "destination" in special
    )
    all_funds = _PLAN.changed([(code, "", {"destination": "NEW"})])
    assert all_funds.of(code, fund).destination == all_funds.of(code).destination == "NEW"
    assert all_funds.of(code, fund).pole == _PLAN.of(code, fund).pole
    one = all_funds.changed([(code, fund, {"destination": "OTHER"})])
    assert (one.of(code).destination, one.of(code, fund).destination) == ("NEW", "OTHER")


def test_types_that_nobody_changed_stay_as_they_are() -> None:
    after = _PLAN.changed([("S3110", "", {"delay_days": 1}), ("gone", "", {"delay_days": 1})])
    assert after.of("S3704") == _PLAN.of("S3704")
    assert set(after.types) == set(_PLAN.types)


@given(
    st.builds(
        PlannedRoute,
        st.text(min_size=1),
        st.text(min_size=1),
        st.none() | st.dates(dt.date(1900, 1, 1)),
    )
)
def test_a_way_comes_back_from_the_database_as_it_was(way: PlannedRoute) -> None:
    assert from_json(as_json(way)) == way
