"""Letters of commands: usual ones, chosen ones, and those that cannot be."""

import pytest

from central.web.commands import COMMANDS, USUAL, chosen_of, fault, letters_of


def test_the_usual_letters_can_be() -> None:
    assert fault(USUAL) is None
    assert letters_of(()) == USUAL


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"turn": "s"}, {"turn", "split"}),
        ({"back": "i"}, {"back", "illegible"}),  # both are keyed with
        ({"zoom": "t"}, {"zoom", "turn"}),
        ({"turn": ""}, {"turn"}),
        ({"turn": "1"}, {"turn"}),
        ({"turn": "é"}, {"turn"}),
        ({"turn": "T"}, {"turn"}),
        ({"turn": "qq"}, {"turn"}),
    ],
)
def test_two_commands_of_a_page_never_have_one_letter(
    changed: dict[str, str], named: set[str]
) -> None:
    found = fault({**USUAL, **changed})
    assert found is not None
    assert {one.name for one in (found.first, found.second) if one} == named


def test_commands_of_different_pages_may_have_one_letter() -> None:
    assert fault({**USUAL, "turn": "k"}) is None
    assert fault({**USUAL, "turn": "s", "split": "t"}) is None


def test_what_differs_is_kept_and_laid_over_the_usual_ones() -> None:
    letters = {**USUAL, "turn": "q"}
    assert chosen_of(letters) == {"turn": "q"}
    assert letters_of([("turn", "q")]) == letters


@pytest.mark.parametrize("stored", [[("turn", "s")], [("turn", "")], [("turn", "12")]])
def test_stored_letters_that_no_longer_fit_give_the_usual_ones(
    stored: list[tuple[str, str]],
) -> None:
    assert letters_of(stored) == USUAL


def test_stored_names_that_no_command_has_are_passed_over() -> None:
    assert letters_of([("gone", "t"), ("turn", "q")])["turn"] == "q"


def test_no_name_is_given_twice() -> None:
    assert len(USUAL) == len(COMMANDS)
