"""Only a token of the right issuer, for us, of now, signed by one of its keys, proves anything."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from central.sign_in.oidc import (
    ExpectedClaims,
    SigningKeyUnknown,
    TokenInvalid,
    keys_of,
    verify_id_token,
)

_KEY = RSAKey.generate_key(2048, {"kid": "a", "use": "sig"})
_OTHER = RSAKey.generate_key(2048, {"kid": "a", "use": "sig"})
_NOW = 1_800_000_000
_EXPECTED = ExpectedClaims("https://id.example", "vaguemestre", "nonce", "access", 60.0)
_CLAIMS = {
    "iss": "https://id.example", "aud": "vaguemestre", "sub": "1", "nonce": "nonce",
    "iat": _NOW - 5, "exp": _NOW + 300,
}  # fmt: skip
_KEYS = KeySet([_KEY])


def _signed(claims: dict[str, Any], key: Any = _KEY, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": "a"}, claims, key, algorithms=[alg])


def test_a_right_token_gives_its_claims() -> None:
    assert verify_id_token(_signed(_CLAIMS), _KEYS, _EXPECTED, _NOW)["sub"] == "1"
    assert verify_id_token(_signed({**_CLAIMS, "aud": ["vaguemestre"]}), _KEYS, _EXPECTED, _NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://autre.example"},
        {"iss": None},
        {"aud": "autre"},
        {"aud": ["vaguemestre", "autre"]},
        {"aud": []},
        {"aud": None},
        {"nonce": "other"},
        {"nonce": None},
        {"exp": _NOW - 61},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"iat": _NOW + 120},
        {"nbf": _NOW + 120},
        {"sub": None},
        {"azp": "autre"},
        {"at_hash": "AAAA"},
    ],
    ids=str,
)
def test_one_wrong_claim_is_enough(wrong: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**_CLAIMS, **wrong}.items() if value is not None}

    with pytest.raises(TokenInvalid):
        verify_id_token(_signed(claims), _KEYS, _EXPECTED, _NOW)


def test_clocks_may_differ_a_little() -> None:
    assert verify_id_token(_signed({**_CLAIMS, "exp": _NOW - 30}), _KEYS, _EXPECTED, _NOW)
    assert verify_id_token(_signed({**_CLAIMS, "iat": _NOW + 30}), _KEYS, _EXPECTED, _NOW)


def test_another_key_by_the_same_name_proves_nothing() -> None:
    with pytest.raises(SigningKeyUnknown):
        verify_id_token(_signed(_CLAIMS, _OTHER), _KEYS, _EXPECTED, _NOW)


def test_the_public_key_or_our_secret_as_password_proves_nothing() -> None:
    for secret in (
        _KEY.as_pem(private=False).decode(),
        "the client's own secret, which others know",
    ):
        forged = (
            _signed(_CLAIMS, OctKey.import_key(secret), "HS256") if "BEGIN" not in secret else ""
        )
        with pytest.raises(TokenInvalid):
            verify_id_token(forged, _KEYS, _EXPECTED, _NOW)


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "é", "eyJhbGciOiJub25lIn0.e30.", "x" * 9_000])
def test_what_is_no_token_proves_nothing(token: str) -> None:
    with pytest.raises(TokenInvalid):
        verify_id_token(token, _KEYS, _EXPECTED, _NOW)


def test_keys_of_kinds_that_we_do_not_know_are_left_out() -> None:
    public = _KEY.as_dict(private=False)
    found = keys_of({"keys": [{"kty": "later", "kid": "x"}, 7, public]})

    assert verify_id_token(_signed(_CLAIMS), found, _EXPECTED, _NOW)
    with pytest.raises(ValueError, match="no keys"):
        keys_of({"keys": [{"kty": "later"}]})
