"""The sites and pôles that a person is limited to, as conditions of a query."""

from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person


def scope_conditions(
    person: Person | None,
    site: sa.ColumnElement[Any],
    pole: sa.ColumnElement[Any] | None = None,
) -> list[sa.ColumnElement[bool]]:
    """What a row must meet for the person to see it.

    Args:
        person: Who looks; None: the program itself, which sees everything.
        site: The column of its site.
        pole: That of its pôle; None: rows of all pôles, such as lots and stations.
    """
    if person is None:
        return []
    found: list[sa.ColumnElement[bool]] = []
    if person.sites:
        found.append(site.in_(sorted(person.sites)))
    if person.poles and pole is not None:
        found.append(pole.in_(sorted(person.poles)))
    return found
