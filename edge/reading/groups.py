"""Ticks that exclude each other check each other: yes and no, one of several.

Two set in one group contradict each other, and one of them may be what somebody meant to take
back. Nobody but a person can tell which, so that what is set is left to one. What is surely empty
stays so, unless one must be set and none is.
"""

import dataclasses
from collections.abc import Sequence

from vaguemestre.model.document import Check, Field
from vaguemestre.model.forms import GroupRule, TickGroup

_SET, _EMPTY = "true", "false"


def check(fields: Sequence[Field], groups: Sequence[TickGroup]) -> tuple[Field, ...]:
    """Leave to a person what contradicts itself.

    Args:
        fields: All of a form, in its order; ticks as read.
        groups: Of the form.
    """
    changed = {field.name: field for field in fields}
    for group in groups:
        members = [changed[name] for name in group.fields if name in changed]
        for one in _left_open(members, group.rule):
            changed[one.name] = dataclasses.replace(one, accepted=False)
        set_ones = [one for one in members if one.value == _SET]
        if len(set_ones) > 1:
            for one in set_ones:
                failed = dataclasses.replace(one, accepted=False, check=Check.FAILED)
                changed[one.name] = failed
    return tuple(changed[field.name] for field in fields)


def _left_open(members: Sequence[Field], rule: GroupRule) -> list[Field]:
    """Those that what is read of the others makes doubtful.

    One that is set, when another may be set as well; all, when one must be set and every one is
    read as empty: a mark was missed. A doubtful one is for a person anyway.
    """
    is_sure = all(one.accepted for one in members)
    set_ones = [one for one in members if one.value == _SET]
    if set_ones:
        return [] if is_sure else set_ones
    is_missed = is_sure and all(one.value == _EMPTY for one in members)
    return list(members) if rule is GroupRule.EXACTLY_ONE and is_missed else []
