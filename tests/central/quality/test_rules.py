"""What is the same for the blind control, and who was wrong when it was not."""

import uuid

import pytest

from central.documents.rules import KeyedValue, KeyReason
from central.quality.rules import (
    ControlOutcome,
    ValuePair,
    arbitration_order,
    count_outcome,
    disputed_positions,
    is_same,
)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("name", "DUPRÉ Jean-Luc", "dupre jean luc"),
        (
            "address",
            "12, rue de l’Église  17000 LA ROCHELLE",
            "12 RUE DE L'EGLISE 17000 La Rochelle",
        ),
        ("code", "ab12", "AB12"),
        ("nir", "2 55 08 14 168 025 38", "255081416802538"),
    ],
)
def test_spelling_is_no_error(kind: str, one: str, other: str) -> None:
    assert is_same(kind, KeyedValue(one), KeyedValue(other))


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("name", "DUPRE", "DUPRET"),
        ("nir", "255081416802538", "255081416802583"),
        ("amount", "26.50", "265.0"),
        ("date", "2026-03-05", "2026-05-03"),
    ],
)
def test_another_value_is(kind: str, one: str, other: str) -> None:
    assert not is_same(kind, KeyedValue(one), KeyedValue(other))


def test_no_value_is_like_none_for_the_same_reason_only() -> None:
    absent, illegible = KeyedValue(None, KeyReason.ABSENT), KeyedValue(None, KeyReason.ILLEGIBLE)
    assert is_same("name", absent, absent)
    assert not is_same("name", absent, illegible)
    assert not is_same("name", absent, KeyedValue("DUPRE"))


def test_machine_and_person_may_both_be_wrong() -> None:
    opinions = {
        0: ValuePair("name", KeyedValue("DUPRE"), KeyedValue("DUPRÉ")),
        1: ValuePair("digits", KeyedValue("123"), KeyedValue("128")),
        2: ValuePair("digits", KeyedValue("5"), KeyedValue("6")),
        3: ValuePair("digits", KeyedValue("7"), KeyedValue("1")),
        4: ValuePair("name", KeyedValue("X"), KeyedValue("Y")),
    }
    assert disputed_positions(opinions) == [1, 2, 3, 4]
    truths = {
        1: KeyedValue("128"),
        2: KeyedValue("5"),
        3: KeyedValue("4"),
        4: KeyedValue(None, KeyReason.ILLEGIBLE),
    }
    assert count_outcome(opinions, truths) == ControlOutcome(
        fields=5, machine_wrong=3, person_wrong=3
    )


def test_a_dispute_without_a_truth_is_not_settled() -> None:
    with pytest.raises(KeyError):
        count_outcome({1: ValuePair("digits", KeyedValue("1"), KeyedValue("2"))}, {})


def test_the_order_says_nothing_of_who_is_who() -> None:
    machine, person = KeyedValue("1"), KeyedValue("7")
    one = ValuePair("digits", machine, person)
    first = [arbitration_order(uuid.UUID(int=i), 3, one)[0] is machine for i in range(2_000)]
    assert first == [
        arbitration_order(uuid.UUID(int=i), 3, one)[0] is machine for i in range(2_000)
    ]
    assert 880 < sum(first) < 1_120
