"""Months of controls that ended, made without anybody keying: for the quality page."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from central.db.engine import transaction
from central.db.tables import controls, keyings
from tests.support.controlled import controlled, put

TYPES = ("S3110", "S3704", "S3501")
SITES = ("gien", "la-rochelle", "montargis", "orleans")
_FIELDS = (
    ("nir", "255081416802538", "255081416802533"),
    ("birth_date", "1955-08-14", "1955-03-14"),
    ("beneficiary_name", "MARTIN LEA", "MARTIN LEO"),
    ("insured_name", "DUPRE JEAN", "DUPRET JEAN"),
    ("total", "26.50", "265.00"),
    ("act_code", "G", "C"),
    ("act_date", "2026-11-03", "2026-11-08"),
    ("organisation_code", "171", "177"),
)


def controls_of_months(
    engine: sa.Engine, keyers: Sequence[int], chief: int, *, weeks: int, a_week: int
) -> None:
    """Make so many ended controls a week, the newest today; errors fall where the numbers say."""
    number = 0
    for week in range(weeks):
        at = dt.datetime.now(dt.UTC) - dt.timedelta(weeks=week, hours=1)
        for _ in range(a_week):
            number += 1
            _control(engine, number, at, keyers[number % len(keyers)], chief)


def _control(engine: sa.Engine, number: int, at: dt.datetime, keyer: int, chief: int) -> None:
    made = put(
        engine,
        controlled(type=TYPES[number % 3], site=SITES[number % 4], fields=()),
        drawing=None,
    )
    rows = []
    machine_wrong = person_wrong = 0
    for position, (name, right, wrong) in enumerate(_FIELDS):
        seed = 31 * number + 17 * position
        is_machine_wrong = seed % (43 + 40 * (position % 3)) == 0
        is_person_wrong = seed % 71 == 1
        told = {
            "document_id": made.id,
            "position": position,
            "name": name,
            "machine_value": wrong if is_machine_wrong else right,
            "machine_confidence": 0.93 if is_machine_wrong else 0.9 + (seed % 100) / 1_000,
            "machine_accepted": True,
            "keyed_at": at,
        }
        keyed = {
            "pass": "control",
            "person_id": keyer,
            "value": wrong if is_person_wrong else right,
        }
        rows.append({**told, **keyed})
        if is_machine_wrong != is_person_wrong:
            decided = {"pass": "control_arbitration", "person_id": chief, "value": right}
            rows.append({**told, **decided})
            machine_wrong += is_machine_wrong
            person_wrong += is_person_wrong
    with transaction(engine) as connection:
        connection.execute(
            controls.insert().values(
                document_id=made.id, cause="sample", state="done",
                type=made.document.type, site=made.site,
                drawn_at=at, person_id=keyer, keyed_at=at, done_at=at, fields=len(_FIELDS),
                machine_wrong=machine_wrong, person_wrong=person_wrong,
            )
        )  # fmt: skip
        connection.execute(keyings.insert(), rows)
