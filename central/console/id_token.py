"""Whether an id token proves who somebody is (OpenID Connect Core 3.1.3.7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""With a pair of keys only: ``none`` and what the client's own secret could sign are none."""


class NotProven(Exception):
    """The token does not prove anything; the argument is the kind of fault, never a value."""


class KeyUnknown(NotProven):
    """None of the keys made the signature: they may have been changed."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    skew_s: float


def keys_of(published: Mapping[str, Any]) -> KeySet:
    """The provider's keys; kinds that we do not know are left out.

    Raises:
        ValueError: there is none that we know.
    """
    found = list[Any]()
    for one in published.get("keys", ()):
        try:
            found += KeySet.import_key_set({"keys": [one]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not found:
        raise ValueError("no keys")
    return KeySet(found)


def check(token: str, keys: KeySet, expected: Expected, now: float) -> Mapping[str, Any]:
    """The claims of a token that is what it should be.

    Raises:
        KeyUnknown: signed with another key.
        NotProven: for all other reasons.
    """
    try:
        found = jwt.decode(token, keys, algorithms=list(_ALGORITHMS))
    except (JoseError, ValueError, TypeError) as error:
        raise KeyUnknown(type(error).__name__) from None
    try:
        claims = CodeIDToken(
            found.claims,
            found.header,
            options={
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
                "nonce": {"essential": True, "value": expected.nonce},
            },
            params={"client_id": expected.client_id, "access_token": expected.access_token},
        )
        claims.validate(now=int(now), leeway=int(expected.skew_s))
    except (JoseError, ValueError, TypeError) as error:
        raise NotProven(f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()) from None
    if not _is_for_us_alone(found.claims.get("aud"), expected.client_id):
        raise NotProven("aud")
    return found.claims


def _is_for_us_alone(audience: object, client_id: str) -> bool:
    """Further audiences could use the token in our name."""
    if isinstance(audience, str):
        return audience == client_id
    return isinstance(audience, Iterable) and list(audience) == [client_id]
