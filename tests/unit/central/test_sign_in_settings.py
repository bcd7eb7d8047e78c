"""Settings of signing in that would leave a door open are refused with their names."""

from pathlib import Path

import pytest

from central.config import load
from central.console.oidc import Provider
from central.domain.access import Role
from central.errors import ConfigInvalid

_CENTRE = """
[database]
url = "postgresql://u@h/d"
[blobs]
url = "file:///images"
[intake]
listen = "127.0.0.1:1"
ca_file = "/a"
certificate_file = "/b"
key_file = "/c"
"""
_OIDC = """
[oidc]
issuer = "https://id.example"
client_id = "v"
client_secret_file = "/secret"
roles = { g = "keyer" }
"""
_PUBLIC = '[console]\npublic_url = "https://courrier.example"\n'


def _load(folder: Path, text: str) -> object:
    (folder / "centre.toml").write_text(_CENTRE + text, "utf-8")
    return load(folder / "centre.toml")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_OIDC, "console.public_url"),
        (_PUBLIC + _OIDC.replace("https://id", "http://id"), "https"),
        (_PUBLIC + _OIDC.replace('"keyer"', '"root"'), "oidc.roles.g"),
        (_PUBLIC + _OIDC.replace('{ g = "keyer" }', "{}"), "oidc.roles"),
        (_PUBLIC + _OIDC + 'scopes = ["profile"]\n', "openid"),
        ('[console]\ntrusted_proxies = ["partout"]\n', "partout"),
        ('[console]\npublic_url = "https://h/chemin"\n', "console.public_url"),
        ('[console]\ntotp_roles = ["chef"]\n', "console.totp_roles"),
        ("[console]\nlock_first_s = 60\nlock_longest_s = 30\n", "lock_first_s"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigInvalid, match=named):
        _load(tmp_path, text)


def test_a_provider_and_proxies_are_taken(tmp_path: Path) -> None:
    more = 'trusted_proxies = ["10.0.0.7", "10.1.0.0/16", "::1"]\n'
    roles = ", ".join(f'g{number} = "{role}"' for number, role in enumerate(Role))
    _load(tmp_path, _PUBLIC + more + _OIDC.replace('g = "keyer"', roles))


def test_a_secret_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    missing = _OIDC.replace("/secret", str(tmp_path / "none"))
    config = load(tmp_path / "centre.toml") if _load(tmp_path, _PUBLIC + missing) else None
    assert config is not None
    assert config.oidc is not None
    with pytest.raises(ConfigInvalid, match="none"):
        Provider(config.oidc, "https://courrier.example/x")
