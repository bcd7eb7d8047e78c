"""The mail that may be seen, as conditions of a query."""

from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Scope


def scope_conditions(
    scope: Scope,
    site: sa.ColumnElement[Any],
    pole: sa.ColumnElement[Any] | None = None,
) -> list[sa.ColumnElement[bool]]:
    """What a row must meet to be seen; none for who sees everything.

    Args:
        scope: What may be seen.
        site: The column of its site.
        pole: That of its pôle; None: rows of all pôles, such as lots and stations.
    """
    found: list[sa.ColumnElement[bool]] = []
    if scope.sites:
        found.append(site.in_(sorted(scope.sites)))
    if scope.poles and pole is not None:
        found.append(pole.in_(sorted(scope.poles)))
    return found
