"""The sweeper forgets in its turn, and the settings say what is drawn."""

import datetime as dt
from pathlib import Path

import sqlalchemy as sa

from central import housekeeping, processes
from central.accounts import store as accounts_store
from central.accounts.store import NewAccount
from central.config import Quality
from central.db.engine import transaction
from central.db.tables import controls, documents, keyings
from central.quality.rules import SamplingPolicy
from central.telemetry import Telemetry
from tests.support.console import settings
from tests.support.controlled import POLE, controlled, put
from tests.support.measured import controls_of_months


def test_the_settings_as_they_come_draw_as_the_decision_says() -> None:
    assert processes._drawing(Quality()) == SamplingPolicy()
    told = processes._drawing(Quality(share=0.5, new_form_days=1, first_week_days=2, most_a_day=3))
    assert told == SamplingPolicy(0.5, 86_400.0, 172_800.0, 3)


def test_the_sweeper_forgets_and_withdraws(engine: sa.Engine, tmp_path: Path) -> None:
    somebody = accounts_store.add_account(
        engine, "person:test", NewAccount("karim", "Karim", ["keyer"])
    )
    controls_of_months(engine, [somebody], somebody, weeks=1, a_week=1)
    waiting = put(engine, controlled())
    with transaction(engine) as connection:
        old = sa.func.now() - dt.timedelta(days=366)
        connection.execute(keyings.update().values(keyed_at=old))
        connection.execute(
            documents.update().where(documents.c.id == waiting.id).values(state="to_name")
        )
    housekeeping.erase_expired(settings(tmp_path, POLE), engine, Telemetry("test"))
    with transaction(engine) as connection:
        values = connection.scalars(sa.select(keyings.c.value)).all()
        states = connection.scalars(sa.select(controls.c.state)).all()
    assert values
    assert set(values) == {None}
    assert set(states) == {"done"}
