"""Ticks that exclude each other check each other: yes and no, one of several.

Two set in one group contradict each other, and one of them may be what somebody meant to take
back. Nobody but a person can tell which, so that the whole group is left to one.
"""

import dataclasses
from collections.abc import Sequence

from edge.document import Check, Field
from edge.reading.forms import GroupRule, TickGroup


def check(fields: Sequence[Field], groups: Sequence[TickGroup]) -> tuple[Field, ...]:
    """Leave to a person what contradicts itself.

    Args:
        fields: All of a form, in its order; ticks as read.
        groups: Of the form.
    """
    changed = {field.name: field for field in fields}
    for group in groups:
        members = [changed[name] for name in group.fields if name in changed]
        is_contradicted = sum(one.value == "true" for one in members) > 1
        if not is_contradicted and not _is_open(members, group.rule):
            continue
        for one in members:
            is_wrong = is_contradicted and one.value == "true"
            changed[one.name] = dataclasses.replace(
                one, accepted=False, check=Check.FAILED if is_wrong else one.check
            )
    return tuple(changed[field.name] for field in fields)


def _is_open(members: Sequence[Field], rule: GroupRule) -> bool:
    """Whether one is set beside another that may be set as well, or none where one must be.

    A doubtful one by itself is for a person anyway; the empty ones beside it are not.
    """
    is_set = any(one.value == "true" for one in members)
    if not is_set:
        return rule is GroupRule.EXACTLY_ONE
    return any(one.value != "true" and not one.accepted for one in members)
