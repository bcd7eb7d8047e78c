"""Settings of signing in that would leave a door open are refused with their names."""

from pathlib import Path

import pytest

from central.accounts.rules import Role
from central.config import load
from central.errors import ConfigInvalid
from central.sign_in.oidc import IdentityProvider

_CENTRE = """
[database]
url = "postgresql://u@localhost/d"
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
sites_claim = "*"
poles_claim = "*"
roles = { g = "keyer" }
"""
_POLE = '[[destinations]]\nname = "A"\nkind = "http"\nurl = "{}"\n'
_PUBLIC = '[console]\npublic_url = "https://courrier.example"\nsecrets_key_file = "/key"\n'


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
        (_PUBLIC + _OIDC.replace('sites_claim = "*"', ""), "sites_claim"),
        (_PUBLIC.replace('secrets_key_file = "/key"', "") + _OIDC, "secrets_key_file"),
        ('[console]\ntotp_roles = ["admin"]\n', "secrets_key_file"),
        ('[console]\nlisten = "0.0.0.0:80"\n', "plain_http"),
        ('[console]\nlisten = "centre.example:80"\n', "plain_http"),
        (_POLE.format("http://pole.example/x"), "plain_http"),
        ("[console]\nlock_first_s = 60\nlock_longest_s = 30\n", "lock_first_s"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigInvalid, match=named):
        _load(tmp_path, text)


@pytest.mark.parametrize(
    "url",
    ["postgresql://u@base.example/d", "postgresql://u@10.0.0.7/d?sslmode=prefer",
     "postgresql:///d?host=base.example"],
)  # fmt: skip
def test_a_database_on_another_machine_without_tls_is_refused(tmp_path: Path, url: str) -> None:
    path = tmp_path / "centre.toml"
    told = _CENTRE.replace("postgresql://u@localhost/d", url)
    path.write_text(told, "utf-8")
    with pytest.raises(ConfigInvalid, match="sslmode=verify-full"):
        load(path)
    path.write_text(told.replace("[blobs]", "plain = true\n[blobs]"), "utf-8")
    load(path)


@pytest.mark.parametrize(
    "text",
    [
        '[console]\nlisten = "0.0.0.0:80"\nplain_http = true\n',
        '[console]\nlisten = "[::1]:80"\n',
        '[console]\nlisten = "localhost:80"\n',
        '[console]\nlisten = "0.0.0.0:443"\ncertificate_file = "/c"\nkey_file = "/k"\n',
        "_POLE https://pole.example/x",
        "_POLE http://127.0.0.2:9/x",
    ],
)
def test_what_nobody_can_read_on_its_way_is_taken(tmp_path: Path, text: str) -> None:
    _load(tmp_path, _POLE.format(text.split()[1]) if text.startswith("_POLE") else text)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_database_over_tls_is_taken(tmp_path: Path, mode: str) -> None:
    url = f"postgresql://u@base.example/d?sslmode={mode}"
    path = tmp_path / "centre.toml"
    path.write_text(_CENTRE.replace("postgresql://u@localhost/d", url), "utf-8")
    load(path)


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
        IdentityProvider(config.oidc, "https://courrier.example/x")
