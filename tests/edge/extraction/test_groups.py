"""Ticks that exclude each other: what contradicts itself is left to a person."""

import pytest

from edge.extraction import ticks
from vaguemestre import pack
from vaguemestre.model import forms
from vaguemestre.model.document import Check, Field
from vaguemestre.model.forms import DefinitionInvalid, FieldKind, GroupRule, TickGroup

ONE = TickGroup(("no", "yes"))
EXACTLY = TickGroup(("no", "yes"), GroupRule.EXACTLY_ONE)


def tick(name: str, value: str | None, *, accepted: bool = True) -> Field:
    return Field(name, value, "", 0.99, accepted, Check.NONE, 0, None)


def told(*fields: Field, group: TickGroup = ONE) -> list[tuple[str | None, bool]]:
    return [(one.value, one.accepted) for one in ticks.check(fields, (group,))]


def test_one_of_a_group_and_none_of_a_group_stay_as_they_were_read() -> None:
    set_, free = tick("yes", "true"), tick("no", "false")
    assert told(free, set_) == [("false", True), ("true", True)]
    assert told(free, tick("yes", "false")) == [("false", True), ("false", True)]


def test_two_that_exclude_each_other_are_both_for_a_person() -> None:
    found = ticks.check((tick("no", "true"), tick("yes", "true"), tick("other", "true")), (ONE,))
    assert [one.accepted for one in found] == [False, False, True]
    assert [one.check for one in found] == [Check.FAILED, Check.FAILED, Check.NONE]


@pytest.mark.parametrize("open_", [(None, False), ("true", False), ("false", False)])
def test_one_beside_a_struck_out_one_is_for_a_person(open_: tuple[str | None, bool]) -> None:
    value, accepted = open_
    struck = tick("no", value, accepted=accepted)
    assert [accepted for _, accepted in told(struck, tick("yes", "true"))] == [False, False]


def test_what_is_surely_empty_stays_so_beside_doubt_and_contradiction() -> None:
    group = TickGroup(("no", "yes", "other"))
    free, set_ = tick("no", "false"), tick("yes", "true")
    doubtful, twice = tick("other", None, accepted=False), tick("other", "true")
    assert [accepted for _, accepted in told(free, set_, doubtful, group=group)] == [1, 0, 0]
    assert [accepted for _, accepted in told(free, set_, twice, group=group)] == [1, 0, 0]


def test_a_doubtful_one_alone_leaves_the_empty_ones_as_they_are() -> None:
    doubtful = tick("no", None, accepted=False)
    assert told(doubtful, tick("yes", "false")) == [(None, False), ("false", True)]


def test_where_one_must_be_set_none_is_for_a_person() -> None:
    free = tick("no", "false"), tick("yes", "false")
    assert [accepted for _, accepted in told(*free, group=EXACTLY)] == [False, False]
    assert told(free[0], tick("yes", "true"), group=EXACTLY) == [("false", True), ("true", True)]
    doubtful = tick("yes", None, accepted=False)
    assert told(free[0], doubtful, group=EXACTLY) == [("false", True), (None, False)]


def test_our_forms_tell_their_groups_and_each_is_of_ticks() -> None:
    ours = pack.load(pack.default_dir()).forms
    assert TickGroup(("third_party_no", "third_party_yes")) in ours["S3110"].groups
    assert TickGroup(("reclassification_yes", "reclassification_no")) in ours["S3501"].groups
    for form in ours.values():
        for group in form.groups:
            assert all(form.field(name).kind is FieldKind.TICK for name in group.fields)


def test_a_group_of_what_is_no_tick_is_refused() -> None:
    text = 'type = "a"\ntitle = "a"\n[[groups]]\nfields = ["nir", "b"]\n'
    with pytest.raises(DefinitionInvalid, match="group"):
        forms.parse_form("a.toml", text)
