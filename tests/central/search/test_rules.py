"""What people type is made exact, or told in French why it cannot be."""

import uuid

import pytest

from central.search.rules import id_range, nir_values


@pytest.mark.parametrize(
    "typed",
    ["255081416802538", "2550814168025", " 2 55 08 14 168 025 38 ", "2.55.08.14.168.025"],
)
def test_a_nir_is_looked_for_with_and_without_its_key(typed: str) -> None:
    assert nir_values(typed) == ("2550814168025", "255081416802538")


def test_a_nir_of_corsica_has_a_key_too() -> None:
    body, whole = nir_values("2 55 08 2a 168 025")
    assert body == "255082A168025"
    assert nir_values(whole) == (body, whole)


@pytest.mark.parametrize("typed", ["25508141680253", "abc", "255081416802539", "1" * 40, "²" * 13])
def test_what_is_no_nir_or_has_a_wrong_key_is_told_without_quoting_it(typed: str) -> None:
    with pytest.raises(ValueError, match="NIR") as told:
        nir_values(typed)
    assert typed not in str(told.value)


def test_the_first_eight_digits_of_an_id_are_a_range() -> None:
    first, last = id_range("0193ABCD")
    assert first == uuid.UUID("0193abcd-0000-0000-0000-000000000000")
    assert last == uuid.UUID("0193abcd-ffff-ffff-ffff-ffffffffffff")


def test_a_whole_id_is_itself() -> None:
    one = uuid.uuid4()
    assert id_range(str(one)) == (one, one)


@pytest.mark.parametrize("typed", ["0193abc", "nothing-of-that-kind", "a" * 33, ""])
def test_what_is_no_id_is_told(typed: str) -> None:
    with pytest.raises(ValueError, match="identifiant"):
        id_range(typed)
