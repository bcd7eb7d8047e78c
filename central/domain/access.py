"""Who may do what: roles, and the sites and pôles that they are limited to."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}")


def is_login(text: str) -> bool:
    """Whether somebody may be called that: lower-case ASCII, no spaces."""
    return _LOGIN.fullmatch(text) is not None


class Role(StrEnum):
    """What somebody is at the centre; a person may be several things."""

    SCANNER = "scanner"  # sees the lots of their site
    KEYER = "keyer"  # names and keys
    SUPERVISOR = "supervisor"  # arbitrates, controls, follows a team
    OPERATIONS = "operations"  # follows the flow, replays, holds, changes the plan
    AUDITOR = "auditor"  # reads the audit trail and all counts, changes nothing
    ADMIN = "admin"  # accounts and rights; sees no mail


ALL = "*"
"""Stands for all sites or all pôles; that is said, never meant by saying nothing."""


class Reach(frozenset[str]):
    """The sites or pôles that somebody may see: those named, none when it is empty, or ``ALL``.

    It is true when it limits, so that ``if person.sites:`` guards every condition of a query.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return ALL not in frozenset(self)


EVERYWHERE = Reach({ALL})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in; no ``sites`` or ``poles`` see nothing, no ``skills`` mean all."""

    id: int
    login: str
    name: str
    roles: frozenset[Role]
    sites: frozenset[str] = Reach()
    poles: frozenset[str] = Reach()
    skills: frozenset[str] = frozenset()
    team: str = ""
    must_change_password: bool = False
    letters: tuple[tuple[str, str], ...] = ()  # of commands, where they chose others than usual

    def __post_init__(self) -> None:
        # Any other set would be taken for no limit when it is empty.
        object.__setattr__(self, "sites", Reach(self.sites))
        object.__setattr__(self, "poles", Reach(self.poles))

    @property
    def actor(self) -> str:
        """As the audit trail calls them."""
        return f"person:{self.login}"

    def has_any(self, roles: Collection[Role]) -> bool:
        """Whether they are one of these."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_limited(self) -> bool:
        """Whether some sites or pôles are none of their business."""
        return bool(self.sites or self.poles)

    def may_see(self, site: str, pole: str) -> bool:
        """Whether a document of that site and pôle is any of their business."""
        return (not self.sites or site in self.sites) and (not self.poles or pole in self.poles)
