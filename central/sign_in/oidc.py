"""The identity provider: OpenID Connect, code flow with PKCE.

The centre asks the provider for its addresses, keys, tokens and, where the id token does not say
all, for the userinfo. Nothing is believed before the id token's signature, issuer, audience, time
and nonce were checked (OpenID Connect Core 3.1.3.7).
"""

import secrets
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from central.accounts.rules import (
    ClaimNames,
    ClaimsInvalid,
    ProviderIdentity,
    has_all_claims,
    identity_from_claims,
)
from central.config import Oidc, password
from central.errors import ConfigInvalid, NoRole, ProviderRefused, ProviderUnavailable

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""With a pair of keys only: ``none`` and what the client's own secret could sign are none."""


class TokenInvalid(Exception):
    """The token does not prove anything; the argument is the kind of fault, never a value."""


class SigningKeyUnknown(TokenInvalid):
    """None of the keys made the signature: they may have been changed."""


@dataclass(frozen=True, slots=True)
class ExpectedClaims:
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


def verify_id_token(
    token: str, keys: KeySet, expected: ExpectedClaims, now: float
) -> Mapping[str, Any]:
    """The claims of a token that is what it should be.

    Raises:
        KeyUnknown: signed with another key.
        NotProven: for all other reasons.
    """
    try:
        found = jwt.decode(token, keys, algorithms=list(_ALGORITHMS))
    except (JoseError, ValueError, TypeError) as error:
        raise SigningKeyUnknown(type(error).__name__) from None
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
        raise TokenInvalid(
            f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()
        ) from None
    if not _is_for_us_alone(found.claims.get("aud"), expected.client_id):
        raise TokenInvalid("aud")
    return found.claims


def _is_for_us_alone(audience: object, client_id: str) -> bool:
    """Further audiences could use the token in our name."""
    if isinstance(audience, str):
        return audience == client_id
    return isinstance(audience, Iterable) and list(audience) == [client_id]


_ASKED_AGAIN_AFTER_S = 60.0
_WELL_KNOWN = "/.well-known/openid-configuration"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """Somebody whom the provider vouches for, and its token, to sign out there later."""

    who: ProviderIdentity
    id_token: str


class IdentityProvider:
    """See the module.

    Args:
        settings: Where it is, and what its claims mean here.
        redirect_uri: Where it sends browsers back to.

    Raises:
        ConfigInvalid: the secret or the authority cannot be read.
    """

    def __init__(self, settings: Oidc, redirect_uri: str) -> None:
        self._settings, self._redirect_uri = settings, redirect_uri
        self._lock = threading.Lock()
        self._told: tuple[float, dict[str, Any], KeySet] | None = None
        self._secret = password(settings.client_secret_file)
        try:
            authority = str(settings.ca_file) if settings.ca_file else None
            context = ssl.create_default_context(cafile=authority)
        except (OSError, ValueError) as error:
            raise ConfigInvalid(f"oidc: {error}") from error
        self._client = httpx.Client(
            verify=context,
            timeout=settings.timeout_s,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),  # asked too seldom to keep any
        )
        self._names = ClaimNames(
            login=settings.login_claim,
            name=settings.name_claim,
            roles_in=settings.roles_claim,
            roles=settings.roles,
            sites=settings.sites_claim,
            poles=settings.poles_claim,
            team=settings.team_claim,
        )

    @property
    def issuer(self) -> str:
        """As the provider names itself."""
        return self._settings.issuer

    def begin(self) -> tuple[str, dict[str, str]]:
        """Where to send a browser, and what to remember until it comes back.

        Raises:
            ProviderUnavailable: it does not answer.
        """
        metadata, _ = self._metadata()
        kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        address: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope=" ".join(self._settings.scopes),
            state=kept["state"],
            nonce=kept["nonce"],
            code_challenge=create_s256_code_challenge(kept["verifier"]),
            code_challenge_method="S256",
        )
        return address, kept

    def finish(self, answered: Mapping[str, str], kept: Mapping[str, str]) -> VerifiedIdentity:
        """Who came back.

        Args:
            answered: The parameters that the browser brought.
            kept: What was remembered.

        Raises:
            NoRole: somebody without any right here.
            ProviderRefused: nothing is proven; the message is the kind of fault.
            ProviderUnavailable: it does not answer.
        """
        if not secrets.compare_digest(answered.get("state", "").encode(), kept["state"].encode()):
            raise ProviderRefused("state")
        metadata, _ = self._metadata()
        always = metadata.get("authorization_response_iss_parameter_supported") is True
        if answered.get("iss", "" if always else self.issuer) != self.issuer:
            raise ProviderRefused("issuer of the answer")
        if "code" not in answered:
            raise ProviderRefused("no code")
        tokens = self._tokens(answered["code"], kept["verifier"])
        claims = self._claims(tokens, kept["nonce"])
        if not has_all_claims(claims, self._names):
            claims = {**self._userinfo(tokens["access_token"], claims["sub"]), **claims}
        who = identity_from_claims(claims, self._names)
        if isinstance(who, ClaimsInvalid):
            raise (NoRole if who.is_about_rights else ProviderRefused)(f"claim {who.claim}")
        return VerifiedIdentity(who, tokens["id_token"])

    def farewell(self, id_token: str, back: str) -> str:
        """Where a browser ends its session at the provider; empty when that offers nothing."""
        try:
            metadata, _ = self._metadata()
        except ProviderUnavailable:
            return ""
        address = metadata.get("end_session_endpoint", "")
        if not self._is_safe(address):
            return ""
        asked = {
            "id_token_hint": id_token,
            "client_id": self._settings.client_id,
            "post_logout_redirect_uri": back,
        }
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def _tokens(self, code: str, verifier: str) -> dict[str, str]:
        metadata, _ = self._metadata()
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        auth = ClientAuth(self._settings.client_id, self._secret, method)
        body = prepare_token_request(
            "authorization_code",
            code=code,
            redirect_uri=self._redirect_uri,
            code_verifier=verifier,
        )
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        address, headers, body = auth.prepare("POST", metadata["token_endpoint"], headers, body)
        found = self._ask("POST", address, headers=headers, content=body.encode())
        tokens = {name: found.get(name) for name in ("access_token", "id_token")}
        if not all(isinstance(token, str) and token for token in tokens.values()):
            raise ProviderRefused("no tokens")
        return {name: str(token) for name, token in tokens.items()}

    def _claims(self, tokens: Mapping[str, str], nonce: str) -> Mapping[str, Any]:
        settings = self._settings
        expected = ExpectedClaims(
            settings.issuer,
            settings.client_id,
            nonce,
            tokens["access_token"],
            settings.clock_skew_s,
        )
        _, keys = self._metadata()
        try:
            try:
                return verify_id_token(tokens["id_token"], keys, expected, time.time())
            except SigningKeyUnknown:  # the provider has changed its keys since they were asked for
                _, keys = self._metadata(anew=True)
                return verify_id_token(tokens["id_token"], keys, expected, time.time())
        except TokenInvalid as error:
            raise ProviderRefused(f"id token: {error}") from None

    def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        metadata, _ = self._metadata()
        address = metadata.get("userinfo_endpoint", "")
        if not self._is_safe(address):
            return {}
        told = self._ask("GET", address, headers={"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != subject:
            raise ProviderRefused("sub of userinfo")
        return told

    def _metadata(self, *, anew: bool = False) -> tuple[dict[str, Any], KeySet]:
        with self._lock:
            now = time.monotonic()
            if self._told is not None and not anew and now - self._told[0] < _ASKED_AGAIN_AFTER_S:
                return self._told[1], self._told[2]
            metadata = self._ask("GET", self.issuer.rstrip("/") + _WELL_KNOWN)
            if metadata.get("issuer") != self.issuer or not all(
                self._is_safe(metadata.get(name)) for name in _ADDRESSES
            ):
                raise ProviderUnavailable("its configuration is not that of the issuer")
            try:
                keys = keys_of(self._ask("GET", metadata["jwks_uri"]))
            except ValueError:
                raise ProviderUnavailable("no keys") from None
            self._told = (now, metadata, keys)
            return metadata, keys

    def _is_safe(self, address: object) -> bool:
        """HTTPS, unless the provider itself is on this machine."""
        if not isinstance(address, str):
            return False
        return urlsplit(address).scheme in ("https", urlsplit(self.issuer).scheme)

    def _ask(self, method: str, address: str, **told: Any) -> dict[str, Any]:
        """A JSON object that the provider answers.

        Raises:
            ProviderRefused: it answers with a 4xx.
            ProviderUnavailable: it does not answer, or with anything else.
        """
        try:
            answer = self._client.request(method, address, **told)
            if 400 <= answer.status_code < 500:
                raise ProviderRefused(f"status {answer.status_code}")
            found = answer.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderUnavailable(type(error).__name__) from None
        if not isinstance(found, dict):
            raise ProviderUnavailable("no JSON object")
        return found
