"""Who may do what, and how accounts are protected; pure functions.

Roles, and the sites and pôles to which a person is limited; what an identity provider's claims mean
as rights here; the password rule; how long an account is suspended after failures in a row; how
often one may ask (a token bucket).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
class Scope:
    """The sites and pôles whose mail may be seen: one rule for people and for the program.

    Nothing is seen of what is not named: who means all says ``EVERYTHING``.
    """

    sites: frozenset[str]
    poles: frozenset[str]

    def __post_init__(self) -> None:
        # Any other set would be taken for no limit when it is empty.
        object.__setattr__(self, "sites", Reach(self.sites))
        object.__setattr__(self, "poles", Reach(self.poles))

    @property
    def is_limited(self) -> bool:
        """Whether some sites or pôles are outside."""
        return bool(self.sites or self.poles)

    def may_see(self, site: str, pole: str) -> bool:
        """Whether a document of that site and pôle is inside."""
        return self.may_see_site(site) and (not self.poles or pole in self.poles)

    def may_see_site(self, site: str) -> bool:
        """Whether what is of a site and of no pôle is inside: a lot, a station."""
        return not self.sites or site in self.sites


EVERYTHING = Scope(EVERYWHERE, EVERYWHERE)
"""What the program itself sees, and who works at its command line."""


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
    def scope(self) -> Scope:
        """Which mail they may see."""
        return Scope(self.sites, self.poles)


WATCHERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)


KEYERS = (Role.KEYER, Role.SUPERVISOR)


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
class ProviderIdentity:
    """Somebody as the provider vouches for them."""

    subject: str
    login: str
    name: str
    roles: frozenset[Role]
    sites: frozenset[str]
    poles: frozenset[str]
    team: str


@dataclass(frozen=True, slots=True)
class ClaimsInvalid:
    """Why what the provider says makes nobody: a claim's name, never its value."""

    claim: str
    is_about_rights: bool = True


def identity_from_claims(
    claims: Mapping[str, Any], names: ClaimNames
) -> ProviderIdentity | ClaimsInvalid:
    """Read somebody's rights from claims that were checked.

    A claim of sites or pôles that is wanted and missing gives no rights at all.
    """
    subject, login = claims.get("sub"), _text(claims, names.login).lower()
    if not isinstance(subject, str) or not subject:
        return ClaimsInvalid("sub", is_about_rights=False)
    if not is_login(login):
        return ClaimsInvalid(names.login, is_about_rights=False)
    groups = _values(claims, names.roles_in)
    roles = frozenset(Role(names.roles[group]) for group in groups if group in names.roles)
    if not roles:
        return ClaimsInvalid(names.roles_in)
    limits = dict[str, frozenset[str]]()
    for name in {names.sites, names.poles} - {"", ALL}:
        told = _values(claims, name)
        if not told:
            return ClaimsInvalid(name)
        limits[name] = Reach({ALL}) if ALL in told else Reach(told)
    limits[ALL] = Reach({ALL})
    return ProviderIdentity(
        subject=subject,
        login=login,
        name=_text(claims, names.name) or login,
        roles=roles,
        sites=limits.get(names.sites, Reach()),
        poles=limits.get(names.poles, Reach()),
        team=_text(claims, names.team) if names.team else "",
    )


def has_all_claims(claims: Mapping[str, Any], names: ClaimNames) -> bool:
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


_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """How patiently guesses are met."""

    after: int
    first_s: float
    longest_s: float


def pause_after(policy: LockPolicy, failures: int) -> float:
    """Seconds that an account rests after so many failures in a row; 0: it does not."""
    beyond = failures - policy.after
    if beyond < 0:
        return 0.0
    return min(policy.first_s * 2.0 ** min(beyond, _MOST_DOUBLINGS), policy.longest_s)


SHORTEST = 12
LONGEST = 1_000
_FEW_CHARACTERS = 5
_OWN_CHARACTERS = 6
"""Different ones that must remain of a password once its common parts are taken away."""
_SHORTEST_WORD = 3
_LOOKS_LIKE = str.maketrans("0134578@$!|€", "oleastbasile")
_COMMON = (
    "motdepasse", "motdepass", "password", "passwort", "passw", "secret", "azerty", "azertyuiop",
    "qwerty", "qwertz", "qwertyuiop", "uiop", "qsdf", "asdf", "hjkl", "wxcv", "zxcv", "letmein",
    "iloveyou", "jetaime", "doudou", "loulou", "chouchou", "bonjour", "bienvenue", "welcome",
    "soleil", "marseille", "paris", "france", "admin", "administrateur", "utilisateur", "user",
    "root", "test", "demo", "default", "changeme", "changez", "changer", "monkey", "dragon",
    "princesse", "princess", "football", "superman", "batman", "pokemon", "starwars", "sunshine",
    "camille", "nicolas", "thomas", "julien", "juliette", "caroline", "abc", "cpam", "ameli",
    "cnam", "vaguemestre", "courrier", "securite", "sociale", "assurance", "maladie", "caisse",
    "provisoire", "temporaire", "janvier", "fevrier", "mars", "avril", "juin", "juillet", "aout",
    "septembre", "octobre", "novembre", "decembre", "lundi", "mardi", "mercredi", "jeudi",
    "vendredi", "printemps", "automne", "hiver", "ete",
)  # fmt: skip
_LADDERS = ("0123456789012345", "9876543210987654", "abcdefghijklmnopqrstuvwxyz", "azertyuiop",
            "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl", "zxcvbnm")  # fmt: skip


def normalise_password(password: str) -> str:
    """One spelling for what looks alike: keyboards write ``é`` in two ways."""
    return unicodedata.normalize("NFC", password)


def password_problem(password: str, login: str, old: str = "") -> str:
    """Why a password will not do, in French; empty when it will.

    Args:
        password: The wanted one.
        login: Of its owner.
        old: The one that it takes the place of, when it is known.
    """
    wanted = normalise_password(password)
    if len(wanted) < SHORTEST:
        return f"Le mot de passe doit avoir au moins {SHORTEST} caractères."
    if len(wanted) > LONGEST:
        return f"Le mot de passe doit avoir au plus {LONGEST} caractères."
    if wanted.casefold() == login.casefold():
        return "Le mot de passe ne doit pas être l'identifiant."
    if old and wanted == normalise_password(old):
        return "Le nouveau mot de passe doit différer de l'ancien."
    if _is_common(wanted, login):
        return "Ce mot de passe est fait de mots ou de suites que tout le monde essaie."
    if len(set(wanted)) < _FEW_CHARACTERS:
        return f"Le mot de passe doit avoir au moins {_FEW_CHARACTERS} caractères différents."
    return ""


def _is_common(wanted: str, login: str) -> bool:
    """Whether too little remains without what guessers try first, however it is dressed up."""
    text = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", wanted.casefold())
        if not unicodedata.combining(letter)
    )
    spellings = (text, text.translate(_LOOKS_LIKE))
    return any(_own(spelling, login.casefold()) < _OWN_CHARACTERS for spelling in spellings)


def _own(text: str, login: str) -> int:
    """How many different characters remain without common words, ladders, the login and years."""
    known = sorted({*_COMMON, login}, key=len, reverse=True)
    for word in known:
        if len(word) >= _SHORTEST_WORD:
            text = text.replace(word, " ")
    for ladder in _LADDERS:
        for length in range(len(ladder), _SHORTEST_WORD - 1, -1):
            for start in range(len(ladder) - length + 1):
                text = text.replace(ladder[start : start + length], " ")
    text = re.sub(r"(?:19|20)\d\d", " ", text)
    return len({letter for letter in text if letter.isalnum()} | set(re.findall(r"[^\w\s]", text)))


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many a minute in the long run, and so many at once."""

    per_minute: float
    burst: float


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """What is left to somebody, and when that was so."""

    left: float
    at: float


def take_token(
    rate: RateLimit, bucket: TokenBucket | None, now: float
) -> tuple[TokenBucket, float]:
    """Let one request in, or say how long to wait.

    Args:
        rate: What is allowed.
        bucket: What was left; None: nothing was drawn for long.
        now: Seconds of a clock that never goes back.

    Returns:
        What is left then, and the seconds to wait: 0 lets the request in.
    """
    a_second = rate.per_minute / 60.0
    left = rate.burst
    if bucket is not None:
        left = min(rate.burst, bucket.left + (now - bucket.at) * a_second)
    if left >= 1.0:
        return TokenBucket(left - 1.0, now), 0.0
    return TokenBucket(left, now), (1.0 - left) / a_second
