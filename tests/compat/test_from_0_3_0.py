"""A centre of 0.3.0, with mail in every state, becomes one of this version and goes on."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from central import sealing
from central.accounts import session_store
from central.accounts.rules import EVERYTHING
from central.config import Destination
from central.db import migrate
from central.db.engine import open_engine, transaction
from central.delivery import failure_store
from central.delivery.failure_store import DeliverySelection
from central.documents import lease_store
from central.errors import SchemaBehind
from central.holds import store as holds_store
from tests.support.console import PASSWORD, enter, serving
from tests.support.console import settings as console_settings
from tests.support.database import TestServer
from tests.support.dispatching import images_of, put, running, settings, until

pytestmark = pytest.mark.on_both_servers

_GOLDEN = Path(__file__).parents[1] / "compat" / "golden"
_SCAN = (_GOLDEN / "centre-0.3.0.tif").read_bytes()
_HERE = "FRAIS_DE_SANTE"
_DOCUMENTS = {"dead": 1, "delivered": 1, "ready": 7, "to_key": 1, "to_name": 3, "to_rescan": 1}


@pytest.fixture
def old(postgres: TestServer) -> Iterator[sa.Engine]:
    """The database as 0.3.0 left it."""
    with postgres.empty() as url:
        loading = open_engine(url)
        with transaction(loading) as connection:
            connection.exec_driver_sql(
                (_GOLDEN / "centre-0.3.0.sql").read_text("utf-8").replace("%", "%%")
            )
        loading.dispose()
        engine = open_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def upgraded(old: sa.Engine) -> sa.Engine:
    migrate.upgrade(old, dt.datetime.now(dt.UTC).date())
    return old


def _all(engine: sa.Engine, statement: str) -> list[Any]:
    with transaction(engine) as connection:
        return list(connection.execute(sa.text(statement)))


def _states(engine: sa.Engine) -> dict[str, int]:
    return {
        row.state: row.of_state
        for row in _all(engine, "SELECT state, count(*) AS of_state FROM documents GROUP BY state")
    }


def _delivered(engine: sa.Engine) -> Counter[str]:
    return Counter(row.state for row in _all(engine, "SELECT state FROM deliveries"))


def test_it_is_behind_until_it_is_migrated_and_holds_what_it_held(old: sa.Engine) -> None:
    with pytest.raises(SchemaBehind):
        migrate.check_version(old)
    told = "SELECT id, state, type, pole, destination, due_on FROM documents ORDER BY id"
    before, deliveries = (
        _all(old, told),
        "SELECT * FROM deliveries ORDER BY document_id, destination",
    )
    was_to_deliver = _all(old, deliveries)
    migrate.upgrade(old, dt.datetime.now(dt.UTC).date())
    migrate.check_version(old)
    assert migrate.differences(old) == []
    assert _all(old, told) == before
    assert _states(old) == _DOCUMENTS
    shown = [row[: len(was_to_deliver[0])] for row in _all(old, deliveries)]
    assert shown == [tuple(row) for row in was_to_deliver]
    assert not _all(old, "SELECT 1 FROM plan_changes WHERE NOT is_settled")
    assert not _all(old, "SELECT 1 FROM documents WHERE received_on > '2100-01-01'")


def test_what_was_queued_tried_or_in_hand_is_delivered_and_held_and_dead_mail_can_be(
    upgraded: sa.Engine, tmp_path: Path
) -> None:
    config = settings(
        tmp_path,
        *(Destination(name=name, kind="folder", folder=tmp_path / name, marker="")
          for name in (_HERE, "ATEMPO")),
    )  # fmt: skip
    for one in config.destinations:
        assert one.folder is not None
        one.folder.mkdir()
    put(images_of(config), hashlib.sha256(_SCAN).digest(), _SCAN)
    with running(config, upgraded, tmp_path):
        until(lambda: _delivered(upgraded)["delivered"] == 6, "waiting, tried, in hand, keyed")
        assert _delivered(upgraded)["dead"] == 1
        (hold,) = holds_store.open_holds(upgraded)
        assert holds_store.release_hold(upgraded, "anne", hold.id, [_HERE, "ATEMPO"]) == 1
        assert failure_store.replay(upgraded, "person:anne", DeliverySelection(EVERYTHING)) == 1
        until(lambda: _delivered(upgraded)["delivered"] == 8, "held and dead")
    assert _states(upgraded)["ready"] == 1, "its destination is unknown still"
    handed = {name: _packages(tmp_path / name) for name in (_HERE, "ATEMPO")}
    assert {name: len(found) for name, found in handed.items()} == {_HERE: 6, "ATEMPO": 1}
    assert all(name.endswith("-1") for found in handed.values() for name in found)


def test_what_was_tried_in_vain_or_was_in_hand_may_have_arrived(upgraded: sa.Engine) -> None:
    """One code stood for no connection and for no answer: its pôle is asked, and no other."""
    told = "SELECT state, last_code, attempts, doubts FROM deliveries"
    doubted = {(row.state, row.last_code) for row in _all(upgraded, told) if row.doubts}
    assert ("waiting", "http_unreachable") in doubted
    assert any(state == "claimed" for state, _ in doubted)
    untried = [row for row in _all(upgraded, told) if row.state == "waiting" and not row.attempts]
    assert untried
    assert not any(row.doubts for row in untried)


def _packages(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def test_people_sign_in_see_what_they_saw_and_have_their_secrets_sealed(
    upgraded: sa.Engine, tmp_path: Path
) -> None:
    anne, lea = session_store.find_user(upgraded, "anne"), session_store.find_user(upgraded, "lea")
    assert anne is not None
    assert lea is not None
    assert not anne.sites, "unlimited"
    assert set(lea.sites) == {"gien"}
    config = console_settings(tmp_path)
    with serving(config, upgraded) as client:
        enter(client, "anne", PASSWORD)
        for page in ("/", "/lots", "/plan", "/retenues", "/documents"):
            assert client.get(page, follow_redirects=True).status_code in (200, 403, 404), page
        (row,) = _all(upgraded, "SELECT id, totp_secret FROM people WHERE login = 'bruno'")
        until(lambda: _secret(upgraded) != "JBSWY3DPEHPK3PXP", "sealed")
        assert _secret(upgraded).startswith(sealing.MARK)
    assert row.id
    with serving(config, upgraded) as client:
        enter(client, "lea", PASSWORD)  # what locked her account under 0.3.0 locks it no more


def _secret(engine: sa.Engine) -> str:
    return str(_all(engine, "SELECT totp_secret FROM people WHERE login = 'bruno'")[0][0])


def test_people_find_what_waits_for_them(upgraded: sa.Engine) -> None:
    lea = session_store.find_user(upgraded, "lea")
    assert lea is not None
    assert lease_store.take_next(upgraded, lea, "name", 60.0) is not None
    assert lease_store.take_next(upgraded, lea, "key", 60.0) is not None
