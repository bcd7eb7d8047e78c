"""Rates of fields and teams, from counts and disputes."""

from central.documents.rules import KeyedValue, KeyReason
from central.quality.rules import (
    Counted,
    Dispute,
    Pair,
    TeamCount,
    by_field,
    by_team,
    together,
    wrong_doubts,
)

_KINDS = {"nir": "nir", "insured_name": "name", "total": "amount"}


def _kind(_: str, name: str) -> str:
    return _KINDS[name]


def _dispute(name: str, machine: str, person: str, truth: str | None, team: str = "A") -> Dispute:
    said = KeyedValue(truth, None if truth else KeyReason.ABSENT)
    return Dispute("S3110", name, KeyedValue(machine), KeyedValue(person), said, team, 0.9)


_DISPUTES = (
    _dispute("total", "26.50", "265.00", "265.00"),
    _dispute("total", "1.00", "7.00", "1.00"),
    _dispute("nir", "1", "2", None),
    _dispute("insured_name", "DUPRE", "DURE", "Dupré"),
)
_COUNTED = (
    Counted("S3110", "nir", 50),
    Counted("S3110", "insured_name", 100),
    Counted("S3110", "total", 200),
    Counted("S3704", "nir", 10),
)


def test_the_machine_is_wrong_where_the_truth_is_another() -> None:
    found = {(one.type, one.name): one.rate for one in by_field(_COUNTED, _DISPUTES, _kind)}
    assert {key: (one.wrong, one.total) for key, one in found.items()} == {
        ("S3110", "nir"): (1, 50),
        ("S3110", "insured_name"): (0, 100),
        ("S3110", "total"): (1, 200),
        ("S3704", "nir"): (0, 10),
    }


def test_the_surely_worst_field_comes_first() -> None:
    rates = by_field(_COUNTED, _DISPUTES, _kind)
    assert [(one.type, one.name) for one in rates[:2]] == [("S3110", "nir"), ("S3110", "total")]


def test_fields_of_one_kind_or_type_count_together() -> None:
    rates = by_field(_COUNTED, _DISPUTES, _kind)
    kinds = together(rates, lambda one: one.kind)
    assert (kinds["nir"].wrong, kinds["nir"].total) == (1, 60)
    types = together(rates, lambda one: one.type)
    assert (types["S3110"].wrong, types["S3110"].total) == (2, 350)


def test_both_of_a_pair_answer_for_what_a_third_decided() -> None:
    counts = [TeamCount("A", 40, 3), TeamCount("B", 20, 4)]
    pair = Pair(
        "S3110", "total", KeyedValue("1.00"), "A", KeyedValue("2.00"), "B", KeyedValue("3.00")
    )
    found = by_team(counts, _DISPUTES, [pair], _kind)
    # A: 265.00 was right, 7.00, the NIR, DURE and 1.00 were not; B: 2.00 was not.
    assert (found["A"].wrong, found["A"].total) == (4, 40)
    assert (found["B"].wrong, found["B"].total) == (1, 20)


def test_a_team_of_one_or_two_is_not_told_by_name() -> None:
    counts = [TeamCount("A", 40, 3), TeamCount("B", 20, 2), TeamCount("C", 5, 1)]
    found = by_team(counts, [_dispute("total", "1.00", "2.00", "1.00", "C")], [], _kind)
    assert set(found) == {"", "A"}
    assert (found[""].wrong, found[""].total) == (1, 25)


def test_the_doubts_of_wrong_values_are_told_by_field() -> None:
    found = wrong_doubts(_DISPUTES, _kind)
    assert {name: [round(d, 3) for d in doubts] for name, doubts in found.items()} == {
        ("S3110", "total"): [0.1],
        ("S3110", "nir"): [0.1],
    }
