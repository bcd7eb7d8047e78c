"""What is the same for the blind control, and who was wrong when it was not."""

import uuid

import pytest

from central.domain.control import (
    Compared,
    Opinions,
    disputed,
    is_same,
    settled,
    shown,
)
from central.domain.keying import Entry, KeyReason


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
    assert is_same(kind, Entry(one), Entry(other))


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
    assert not is_same(kind, Entry(one), Entry(other))


def test_no_value_is_like_none_for_the_same_reason_only() -> None:
    absent, illegible = Entry(None, KeyReason.ABSENT), Entry(None, KeyReason.ILLEGIBLE)
    assert is_same("name", absent, absent)
    assert not is_same("name", absent, illegible)
    assert not is_same("name", absent, Entry("DUPRE"))


def test_machine_and_person_may_both_be_wrong() -> None:
    opinions = {
        0: Opinions("name", Entry("DUPRE"), Entry("DUPRÉ")),
        1: Opinions("digits", Entry("123"), Entry("128")),
        2: Opinions("digits", Entry("5"), Entry("6")),
        3: Opinions("digits", Entry("7"), Entry("1")),
        4: Opinions("name", Entry("X"), Entry("Y")),
    }
    assert disputed(opinions) == [1, 2, 3, 4]
    truths = {
        1: Entry("128"),
        2: Entry("5"),
        3: Entry("4"),
        4: Entry(None, KeyReason.ILLEGIBLE),
    }
    assert settled(opinions, truths) == Compared(fields=5, machine_wrong=3, person_wrong=3)


def test_a_dispute_without_a_truth_is_not_settled() -> None:
    with pytest.raises(KeyError):
        settled({1: Opinions("digits", Entry("1"), Entry("2"))}, {})


def test_the_order_says_nothing_of_who_is_who() -> None:
    machine, person = Entry("1"), Entry("7")
    one = Opinions("digits", machine, person)
    first = [shown(uuid.UUID(int=i), 3, one)[0] is machine for i in range(2_000)]
    assert first == [shown(uuid.UUID(int=i), 3, one)[0] is machine for i in range(2_000)]
    assert 880 < sum(first) < 1_120
