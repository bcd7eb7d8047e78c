"""What an identity provider says of somebody, as rights at the centre."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from central.domain.access import ALL, Reach, Role, is_login


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where a provider puts what; ``roles`` says what its groups are here.

    ``sites`` and ``poles`` may be ``ALL``: everybody who comes from there sees all. Empty: nobody
    sees any. An empty ``team`` is not told.
    """

    login: str
    name: str
    roles_in: str
    roles: Mapping[str, str]
    sites: str = ""
    poles: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody as the provider vouches for them."""

    subject: str
    login: str
    name: str
    roles: frozenset[Role]
    sites: frozenset[str]
    poles: frozenset[str]
    team: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why what the provider says makes nobody: a claim's name, never its value."""

    claim: str
    is_about_rights: bool = True


def vouched(claims: Mapping[str, Any], names: ClaimNames) -> Vouched | Unfit:
    """Read somebody's rights from claims that were checked.

    A claim of sites or pôles that is wanted and missing gives no rights at all.
    """
    subject, login = claims.get("sub"), _text(claims, names.login).lower()
    if not isinstance(subject, str) or not subject:
        return Unfit("sub", is_about_rights=False)
    if not is_login(login):
        return Unfit(names.login, is_about_rights=False)
    groups = _values(claims, names.roles_in)
    roles = frozenset(Role(names.roles[group]) for group in groups if group in names.roles)
    if not roles:
        return Unfit(names.roles_in)
    limits = dict[str, frozenset[str]]()
    for name in {names.sites, names.poles} - {"", ALL}:
        told = _values(claims, name)
        if not told:
            return Unfit(name)
        limits[name] = Reach({ALL}) if ALL in told else Reach(told)
    limits[ALL] = Reach({ALL})
    return Vouched(
        subject=subject,
        login=login,
        name=_text(claims, names.name) or login,
        roles=roles,
        sites=limits.get(names.sites, Reach()),
        poles=limits.get(names.poles, Reach()),
        team=_text(claims, names.team) if names.team else "",
    )


def has(claims: Mapping[str, Any], names: ClaimNames) -> bool:
    """Whether everything that is wanted is there, so that nobody else need be asked."""
    wanted = (names.login, names.name, names.roles_in, names.sites, names.poles, names.team)
    return all(_found(claims, name) is not None for name in wanted if name not in ("", ALL))


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """A claim; ``realm_access.roles`` leads inside, unless a claim is called just that."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = _found(claims, name)
    return found.strip()[:200] if isinstance(found, str) and found.isprintable() else ""


def _values(claims: Mapping[str, Any], name: str) -> list[str]:
    found = _found(claims, name)
    if isinstance(found, str):
        return found.split()
    if isinstance(found, Iterable) and not isinstance(found, Mapping):
        return [one for one in found if isinstance(one, str)]
    return []
