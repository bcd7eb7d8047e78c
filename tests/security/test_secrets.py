"""Who reads the database, or a backup of it, can make no one-time code."""

import base64
import re
import time
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa

from central import sealing
from central.accounts.rules import Role
from central.errors import ConfigInvalid
from central.sealing import Seal
from central.sign_in.credentials import seal_old_secrets
from tests.support.console import PASSWORD, add_person, enter, serving, settings

_KEY, _OTHER = bytes(32), b"x" * 32


def test_what_was_sealed_opens_for_its_purpose_with_its_key_alone() -> None:
    sealed = Seal([_KEY]).close("JBSWY3DPEHPK3PXP", "totp 7")
    assert "JBSWY3DP" not in sealed
    assert Seal([_KEY]).open(sealed, "totp 7") == "JBSWY3DPEHPK3PXP"
    assert Seal([_OTHER, _KEY]).open(sealed, "totp 7") == "JBSWY3DPEHPK3PXP", "an older key"
    assert Seal([_KEY]).open(sealed, "totp 8") is None, "another person's"
    assert Seal([_OTHER]).open(sealed, "totp 7") is None
    assert Seal().open(sealed, "totp 7") is None
    for n in range(len(sealing.MARK), len(sealed)):
        broken = sealed[:n] + ("A" if sealed[n] != "A" else "B") + sealed[n + 1 :]
        assert Seal([_KEY]).open(broken, "totp 7") in (None, "JBSWY3DPEHPK3PXP")
    assert Seal([_KEY]).open("JBSWY3DPEHPK3PXP", "totp 7") == "JBSWY3DPEHPK3PXP", "of 0.3.0"


def test_the_same_text_is_never_sealed_the_same() -> None:
    assert Seal([_KEY]).close("a", "p") != Seal([_KEY]).close("a", "p")
    with pytest.raises(ConfigInvalid):
        Seal().close("a", "p")


@pytest.mark.parametrize(
    ("content", "mode"),
    [(b"", 0o600), (b"short", 0o600), (base64.b64encode(b"x" * 31), 0o600), (b"\xff", 0o600),
     (base64.b64encode(_KEY), 0o604)],
)  # fmt: skip
def test_a_file_of_keys_that_will_not_do_is_refused(
    tmp_path: Path, content: bytes, mode: int
) -> None:
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(ConfigInvalid):
        sealing.load(tmp_path / "key")


def test_the_database_holds_no_secret_of_codes_that_anybody_can_use(
    engine: sa.Engine, tmp_path: Path
) -> None:
    number = add_person(engine, "anne", Role.KEYER)
    with serving(settings(tmp_path), engine) as client:
        enter(client, "anne", PASSWORD)
        assert client.post("/compte/codes/debut", data={"ancien": PASSWORD}).status_code == 303
        page = client.get("/compte/codes").text
        found = re.search(r"tapez la clé : <code>([A-Z2-7 ]+)</code>", page)
        assert found is not None
        secret = found[1].replace(" ", "")
        assert secret not in _everything(engine), "while it is being set up"
        code = pyotp.TOTP(secret).at(int(time.time()) - 30)
        answer = client.post("/compte/codes", data={"code": code})
        assert answer.headers["location"] == "/compte?fait=codes"
        assert secret not in _everything(engine)
        client.cookies.clear()
        client.post("/connexion", data={"login": "anne", "password": PASSWORD})
        answer = client.post("/connexion/code", data={"code": pyotp.TOTP(secret).now()})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
    assert number


def test_secrets_of_0_3_0_are_sealed_at_the_next_start(engine: sa.Engine, tmp_path: Path) -> None:
    number = add_person(engine, "anne", Role.KEYER)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE people SET totp_secret = :s"), {"s": secret})
    with serving(settings(tmp_path), engine) as client:
        assert secret not in _everything(engine)
        client.post("/connexion", data={"login": "anne", "password": PASSWORD})
        answer = client.post("/connexion/code", data={"code": pyotp.TOTP(secret).now()})
        assert answer.status_code == 303
    assert seal_old_secrets(engine, Seal([_KEY])) == 0
    assert number


def test_without_a_key_no_codes_are_set_up(engine: sa.Engine, tmp_path: Path) -> None:
    add_person(engine, "anne", Role.KEYER)
    made = settings(tmp_path)
    bare = made.console.model_copy(update={"secrets_key_file": None})
    with serving(made.model_copy(update={"console": bare}), engine) as client:
        enter(client, "anne", PASSWORD)
        answer = client.post("/compte/codes/debut", data={"ancien": PASSWORD})
        assert answer.status_code == 400
        assert "secrets_key_file" in answer.text


def _everything(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        tables = ("people", "sign_in_steps", "sessions")
        rows = [connection.execute(sa.text(f"SELECT * FROM {name}")).all() for name in tables]  # noqa: S608
    return str(rows)
