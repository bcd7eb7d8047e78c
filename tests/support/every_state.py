"""A database that holds every state: each code of each column, each value that may be absent.

``missing`` says what of the schema is not there yet, so that a column or code which is added later
has to be put in here too before the pages that show it count as tried.
"""

import datetime as dt
import hashlib
import itertools
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from uuid6 import uuid7

from central import blobs
from central.accounts.rules import Role
from central.db import tables
from central.db.engine import transaction
from central.db.tables import mail, operations, work
from central.db.tables.people import METHODS, STEPS
from central.documents.rules import ReturnCause
from central.web.labels import ACTIONS
from tests.support.central import picture, tiff
from tests.support.console import add_person

POLES = ("FRAIS_DE_SANTE", "ATEMPO")
LOT_STATES = ("arriving", "read", "closed_short", "closed_over", "a_state_of_tomorrow")
TYPES = ("S3110", "S3704", "courrier", "unknown", "misdirected", "a_type_of_tomorrow")
SITES = ("gien", "orleans", "montargis")
CHANGES: Sequence[dict[str, Any]] = (
    {"pole": "Risques professionnels"},
    {"destination": "ATEMPO"},
    {"delay_days": 0},
    {"pole": "Risques professionnels", "destination": "ATEMPO", "delay_days": 3},
)
_DAY = dt.timedelta(days=1)
_NAMES = ("a" * 1_000, "a\u202eb\x1b[31m\x85\u2028\u200b", "<script>alert(1)</script>{{ 7 * 7 }}")
STRANGE = (
    (dt.datetime.max.replace(tzinfo=dt.UTC), _NAMES[0]),
    (dt.datetime.max.replace(tzinfo=dt.UTC), _NAMES[1]),
    (dt.datetime.min.replace(tzinfo=dt.UTC), _NAMES[2]),
)
STRANGE_IDS = (
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
    "00000000-0000-7000-8000-000000000000",
    "00000000-0000-4000-8000-000000000001",
)
_ALWAYS_SET = {("documents", "stored_at")}


class EveryState:
    """Fills an empty, migrated database; see the module.

    Args:
        engine: Of the database.
        images: The folder of the image store.
        now: When it is.
    """

    def __init__(self, engine: sa.Engine, images: Path, now: dt.datetime) -> None:
        self._engine, self._now, self._today = engine, now, now.date()
        self._image = tiff([picture(number=n) for n in range(8)])
        self._digest = hashlib.sha256(self._image).digest()
        store = blobs.folder_store(images)
        with store.receive(self._digest, len(self._image)) as into:
            into.write(self._image)
            into.commit()
        self.documents: list[uuid.UUID] = []
        self.lots: list[uuid.UUID] = []
        self.people: list[int] = []

    def fill(self) -> None:
        """Put everything in, in one transaction but for the accounts."""
        self._accounts()
        with transaction(self._engine) as connection:
            self._connection = connection
            self._stations()
            self._lots()
            self._documents()
            self._strange()
            self._deliveries()
            self._work()
            self._operations()
            self._trail()

    def _insert(self, table: sa.Table, *rows: dict[str, Any]) -> None:
        for row in rows:
            self._connection.execute(table.insert().values(**row))

    def _accounts(self) -> None:
        for role in Role:
            limits = {"sites": ("gien",), "skills": ("S3110",), "team": "A"}
            self.people.append(add_person(self._engine, f"every-{role}", role))
            self.people.append(add_person(self._engine, f"some-{role}", role, **limits))
        self.people.append(add_person(self._engine, "closed", Role.KEYER))
        with transaction(self._engine) as connection:
            p = tables.people
            changed = p.update().where(p.c.id == self.people[-1])
            connection.execute(
                changed.values(
                    oidc_issuer="https://idp.example", oidc_subject="7", password_hash=None,
                    totp_secret="JBSWY3DPEHPK3PXP", totp_last_step=7, signed_in_at=self._now,
                    failures=9, locked_until=self._now + _DAY, is_active=False,
                )
            )  # fmt: skip
            for n, until in enumerate((None, self._now + _DAY)):
                connection.execute(
                    tables.sign_in_tries.insert().values(
                        login="closed", address=f"::{n}", failures=9 * n, locked_until=until
                    )
                )
            for method in METHODS:
                token = hashlib.sha256(method.encode()).digest()
                connection.execute(
                    tables.sessions.insert().values(
                        token_sha256=token, person_id=self.people[0], csrf="c", method=method,
                        id_token="t" if method == "oidc" else None, expires_at=self._now + _DAY,
                    )
                )  # fmt: skip
            for n, step in enumerate(STEPS):
                connection.execute(
                    tables.sign_in_steps.insert().values(
                        token_sha256=hashlib.sha256(step.encode()).digest(), step=step,
                        person_id=self.people[0] if n else None, expires_at=self._now + _DAY,
                    )
                )  # fmt: skip

    def _stations(self) -> None:
        self._insert(tables.sites, *({"site": site} for site in (*SITES, "silent")))
        told = {
            "connected_at": self._now, "heartbeat_at": self._now, "backlog_documents": 2**62,
            "backlog_bytes": 2**62, "free_disk_bytes": 2**62, "pages_per_minute": 1e9,
            "lots_open": 3, "lots_incomplete": 1, "rated_pages_per_minute": 420.0,
            "versions": {"program": "0.3.0"},
        }  # fmt: skip
        ends = (None, self._now - _DAY, self._now + 9 * _DAY, self._now + 300 * _DAY)
        for n, until in enumerate(ends):
            told_of = {**told, "certificate_until": until}
            self._insert(tables.stations, {"site": "gien", "station": f"p-{n}", **told_of})
        self._insert(tables.stations, {"site": "orleans", "station": "never-seen"})
        self._insert(tables.stations, {**told, "site": "montargis", "station": "p", "versions": {}})

    def _lots(self) -> None:
        aside = [
            {"file": "a.tif", "page": page, "code": "page_unreadable", "reason": "Illisible."}
            for page in (None, 0, 11)
        ]
        counts = ("expected_pages", "counted_pages", "documents", "document_pages", "loose_pages")
        for n, (state, channel) in enumerate(
            itertools.zip_longest(LOT_STATES * 2, mail.CHANNELS, fillvalue="scanner")
        ):
            lot = uuid.UUID(str(uuid7()))
            self.lots.append(lot)
            told = {} if n % 3 == 0 else dict.fromkeys(counts, n)
            self._insert(
                tables.lots,
                {
                    "id": lot, "name": f"lot <{n}> é/%&?", "site": SITES[n % 3], "station": "p-0",
                    "channel": channel, "received_at": self._now - n * _DAY, "fund": "45",
                    "process": "FSP" if n % 2 else "", "priority": n % 2, "state": state,
                    "set_aside": aside[: n % 4], "reported_at": self._now if told else None, **told,
                },
            )  # fmt: skip

    def _documents(self) -> None:
        dues = (None, self._today - 30 * _DAY, self._today, self._today + 400 * _DAY)
        choices = itertools.product(mail.DOCUMENT_STATES, mail.ROUTES)
        layouts = (None, *mail.LAYOUTS)
        for n, (state, route) in enumerate(choices):
            one = uuid.UUID(str(uuid7()))
            is_piece = n % 5 == 4
            self._insert(
                tables.documents,
                {
                    "id": one, "lot_id": self.lots[n % 7], "position": n, "site": SITES[n % 7 % 3],
                    "station": "p-0", "channel": mail.CHANNELS[n % 4], "received_at": self._now,
                    "received_on": self._today - n * _DAY, "fund": ("45", "17")[n % 2],
                    "type": TYPES[n % len(TYPES)], "type_confidence": n / 21, "route": route,
                    "runner_up": "S3704" if n % 2 else None, "layout": layouts[n % 3],
                    "route_reasons": ["field:nir", "unknown", "a_reason_of_tomorrow"][: n % 4],
                    "process": "FSP", "pole": ("Frais de santé", "Archives")[n % 2],
                    "destination": POLES[n % 2] if n % 6 else "",
                    "due_on": dues[n % 4], "retention": ("voucher", "", "a_rule")[n % 3],
                    "marks": ["blurred"][: n % 2], "versions": {"plan": "1"} if n % 2 else {},
                    "priority": n % 2, "page_count": n % 3, "key_pass": 1 + n % 3, "state": state,
                    "keyed_twice": [0, 1] if n % 3 else None,
                    "split_from": self.documents[-1] if is_piece else None,
                    "joined_into": self.documents[-2] if n % 5 == 3 else None,
                    "state_at": self._now, "stored_at": self._now,
                },
            )  # fmt: skip
            self.documents.append(one)
            if n % 7:
                self._pages_and_fields(n, one)

    def _pages_and_fields(self, n: int, one: uuid.UUID) -> None:
        for number, role in enumerate(mail.ROLES[: 1 + n % 6]):
            twin = {"twin_file": "b.tif", "twin_index": 1, "twin_sha256": self._digest}
            self._insert(
                tables.pages,
                {
                    "document_id": one, "number": number, "file": "a.tif", "file_index": number,
                    "sha256": self._digest, "role": role, "rotation": 90 * (number % 4),
                    "skew_deg": 0.3, "dpi": 50.0, "width_mm": 210.0, "height_mm": 297.0,
                    "blur": 0.1, "text": "un texte", "marks": ["border"][: number % 2],
                    **(twin if number % 2 else {}),
                },
            )  # fmt: skip
        names = ("nir", "beneficiary_birth_date", "total", "a_field_of_tomorrow")
        values = ("255081416802538", "2026-03-20", "yes", None)
        choices = zip(names * 2, values * 2, mail.CHECKS * 2, mail.SOURCES * 4, strict=True)
        for position, (name, value, check, source) in enumerate(choices):
            box = [20.0, 20.0 + 9 * position, 60.0, 7.0]
            self._insert(
                tables.fields,
                {
                    "document_id": one, "position": position, "name": name, "value": value,
                    "raw": value or "", "confidence": 0.5, "accepted": bool(position % 2),
                    "check_result": check, "page": position % 2, "source": source,
                    "box_mm": box if position % 3 else None,
                    "reason": (None, *mail.REASONS)[position % 4],
                },
            )  # fmt: skip

    def _strange(self) -> None:
        """What a station may have sent before it was refused: dates without sense, odd names."""
        for n, (moment, name) in enumerate(STRANGE):
            lot, one = uuid.UUID(str(uuid7())), uuid.UUID(STRANGE_IDS[n])
            where = {"site": "gien", "station": "p-0", "channel": "scanner", "fund": "45"}
            self._insert(
                tables.lots,
                {
                    **where, "id": lot, "name": name, "received_at": moment, "state": name,
                    "set_aside": [{"file": name, "page": 2**31 - 1, "code": "x", "reason": name}],
                },
            )  # fmt: skip
            self._insert(
                tables.documents,
                {
                    **where, "id": one, "lot_id": lot, "position": 2**31 - 1, "type": "S3110",
                    "received_at": moment, "received_on": moment.date(), "type_confidence": 0.0,
                    "route": "name", "route_reasons": [name[:100]], "process": "FSP",
                    "pole": "Frais de santé", "destination": POLES[0], "due_on": moment.date(),
                    "retention": name, "marks": [name[:100]], "versions": {name[:100]: name[:100]},
                    "page_count": 1, "state": ("to_name", "to_key")[n % 2],
                },
            )  # fmt: skip
            self._insert(
                tables.pages,
                {
                    "document_id": one, "number": 0, "file": name, "file_index": 0,
                    "sha256": self._digest, "role": "front", "rotation": 0, "skew_deg": 0.0,
                    "dpi": 50.0, "width_mm": 0.0, "height_mm": 0.0, "blur": 0.0, "text": name,
                    "marks": [],
                },
            )  # fmt: skip
            self._insert(
                tables.fields,
                {
                    "document_id": one, "position": 0, "name": "nir", "value": name, "raw": name,
                    "confidence": 0.0, "accepted": False, "check_result": "failed", "page": 0,
                    "box_mm": [0.0, 0.0, 0.0, 0.0],
                },
            )  # fmt: skip
            told = {"connected_at": self._now, "certificate_until": moment}
            self._insert(tables.stations, {"site": "gien", "station": f"strange-{n}", **told})
            self.lots.append(lot)
            self.documents.append(one)

    def _deliveries(self) -> None:
        channels = itertools.cycle(("http", "folder", "console"))
        for n, one in enumerate(self.documents):
            state = mail.DELIVERY_STATES[n % len(mail.DELIVERY_STATES)]
            is_told = n % 2 == 0
            self._insert(
                tables.deliveries,
                {
                    "document_id": one, "destination": POLES[n % 2], "state": state,
                    "idempotency_key": f"{one}-1", "attempts": n, "round": 1 + n % 2,
                    "lease_until": self._now if state == "claimed" else None,
                    "claimed_by": "w" if state == "claimed" else None,
                    "last_code": "http_422" if is_told else None,
                    "last_reason": "Refus." if is_told else None,
                    "delivered_at": self._now if state == "delivered" else None,
                    "receipt": "r" if state == "delivered" and is_told else None,
                },
            )  # fmt: skip
            if n % 2:
                self._insert(
                    tables.handed_over,
                    {
                        "document_id": one, "destination": POLES[n % 2], "round": 1,
                        "idempotency_key": f"{one}-1", "content_sha256": self._digest,
                        "parts": {"fields": "a1b2"},
                    },
                )  # fmt: skip
        lives = {"name": "machine-1", "destinations": list(POLES), "lives_until": self._now + _DAY}
        self._insert(tables.dispatchers, lives)
        for n, cause in enumerate(ReturnCause):
            told = {"cause": cause, "channel": next(channels), "comment": "Voir." if n % 2 else ""}
            place = {"document_id": self.documents[n], "destination": POLES[0], "round": 1}
            self._insert(tables.returns, {**place, **told})
        for n, state in enumerate(mail.CIRCUIT_STATES):
            until = self._now + _DAY if state == "open" else None
            told_of = {"state": state, "open_until": until, "last_code": "http_503" if n else None}
            self._insert(tables.circuits, {"destination": (*POLES, "CNSE")[n], **told_of})

    def _work(self) -> None:
        for n, act in enumerate((*_ACTS, "an_act_of_tomorrow")):
            told = {"act": act, "type_before": "unknown", "type_after": TYPES[n % len(TYPES)]}
            place = {"document_id": self.documents[n], "person_id": self.people[n % 4]}
            self._insert(tables.namings, {**place, **told, "seconds": n if n % 2 else None})
        for n, (kind, reason) in enumerate(itertools.product(work.PASSES, (None, *work.REASONS))):
            read = {"machine_value": "1", "machine_confidence": 0.5, "seconds": 3.0}
            self._insert(
                tables.keyings,
                {
                    "document_id": self.documents[n % 9], "position": n, "name": "nir",
                    "pass": kind, "person_id": self.people[0], "reason": reason,
                    "value": None if reason else "1", **(read if n % 2 else {}),
                },
            )  # fmt: skip
        for n, way in enumerate(work.WAYS):
            self._insert(
                tables.remarks,
                {
                    "document_id": self.documents[10 + n], "person_id": self.people[0], "way": way,
                    "to_person_id": self.people[2] if way == "colleague" else None,
                    "to_skill": "S3110" if way == "skill" else None,
                    "remark": "Voir la page 2." if n % 2 else "", "is_open": bool(n % 2),
                },
            )  # fmt: skip
        later = self._now + _DAY
        for n, queue in enumerate(work.QUEUES):
            held = {"document_id": self.documents[10 + n], "person_id": self.people[n]}
            self._insert(tables.leases, {**held, "queue": queue, "lease_until": later})
            sent = {
                "decision": uuid.uuid4(),
                "what": "Relevé, nommé",
                "document": {"state": "to_name"},
                "fields": [],
            }
            self._insert(tables.sent_work, {**held, "queue": queue, **sent})
            made = {"document": sa.null(), "pages": [], "again_at": self._now}
            self._insert(tables.sent_work, {**held, "queue": queue, **sent, **made})
            content = {"fields": {"0": "1"}}
            self._insert(tables.drafts, {**held, "queue": queue, "content": content})
        choices = itertools.product(work.CONTROL_CAUSES, work.CONTROL_STATES)
        for n, (cause, state) in enumerate(choices):
            is_done = state == "done"
            self._insert(
                tables.controls,
                {
                    "document_id": self.documents[n], "cause": cause, "state": state,
                    "type": "S3110", "site": "gien", "fields": 4, "machine_wrong": n % 2,
                    "person_id": self.people[0] if state != "waiting" else None,
                    "keyed_at": self._now if state != "waiting" else None,
                    "done_at": self._now if is_done else None,
                },
            )  # fmt: skip
        for n, state in enumerate(work.RESCAN_STATES * 2):
            ends = self._now if state in ("answered", "impossible", "withdrawn") else None
            self._insert(
                tables.rescans,
                {
                    "id": uuid.uuid4(), "document_id": self.documents[n], "site": SITES[n % 3],
                    "station": "p-0", "lot_name": "lot", "reason": "Illisible.", "state": state,
                    "person_id": self.people[0], "answered_at": ends,
                    "told_at": self._now if state != "asked" else None,
                    "answer": "Perdu." if state == "impossible" else "",
                    **({"picture": b"\xff\xd8", "page": 1, "page_count": 2} if n % 2 else {}),
                },
            )  # fmt: skip
        self._insert(tables.straight_types, {"type": "S3110"}, {"type": "a_type_of_tomorrow"})

    def _operations(self) -> None:
        for kind, value in (("destination", POLES[0]), ("type", "S3110"), ("site", "gien")):
            told = {"kind": kind, "value": value, "reason": "Panne.", "held_by": "every-operations"}
            self._insert(tables.holds, told)
            self._insert(
                tables.holds, {**told, "released_by": "every-operations", "released_at": self._now}
            )
        first, other = self.people[0], self.people[2]
        before_it = {"pole": "Archives", "destination": POLES[1], "delay_days": 3}
        number = itertools.count(1)
        for state, what in itertools.product(operations.CHANGE_STATES, CHANGES):
            is_decided, n = state != "proposed", next(number)
            is_undone = state == "undone"
            without = {"": {key: before_it[key] for key in what}}
            self._insert(
                tables.plan_changes,
                {
                    "type": "S3110", "fund": "45" if n % 2 else "", "changes": what,
                    "reason": "Réorganisation.", "state": state, "proposed_by": first,
                    "decided_by": other if is_decided else None,
                    "decided_at": self._now if is_decided else None,
                    "undone_by": first if is_undone else None,
                    "undone_at": self._now if is_undone else None,
                    "is_settled": state == "proposed" or bool(n % 2),
                    "without": without if is_undone else sa.null(),
                },
            )  # fmt: skip
            if state in ("applied", "undone"):
                for due_on in (None, self._today.isoformat()):
                    before = {"pole": "Archives", "destination": POLES[1], "due_on": due_on}
                    place = {"change_id": n, "document_id": self.documents[n + bool(due_on)]}
                    self._insert(tables.plan_change_documents, {**place, "before": before})
        hour = self._now.replace(minute=0, second=0, microsecond=0)
        for n, site in enumerate(SITES):
            counts = {"received": 9, "pages": 20, "straight": 4, "to_name": 3, "to_key": 2}
            counts |= {"delivered": 5, "delivered_late": 1, "named": 2, "keyed": 2, "returned": 1}
            key = {"site": site, "pole": "Archives", "type": TYPES[n]}
            self._insert(tables.flow, {"hour": hour - n * _DAY, **key, **counts})

    def _trail(self) -> None:
        details: Sequence[dict[str, Any]] = (
            {},
            {"reason": "Illisible.", "by": {"nir": True}, "roles": ["keyer"], "sites": []},
            {"before": {"site": None, "due_on": "2026-01-02"}, "after": {"site": "gien"}},
            {"a_detail_of_tomorrow": [1, None, {"x": 1.5}], "seconds": None, "what": "code"},
        )
        actors = ("person:every-keyer", "station:gien/p-0", "dispatch:w1", "pole:ATEMPO", "x")
        for n, action in enumerate((*ACTIONS, "an_action_of_tomorrow")):
            subject = str(self.documents[n % len(self.documents)])
            told = {"actor": actors[n % 5], "action": action, "detail": details[n % 4]}
            self._insert(tables.audit, {**told, "subject": subject})


_ACTS = (
    "named", "split", "joined", "attached", "turned", "blank", "misdirected", "duplicate",
    "urgent", "rescan",
)  # fmt: skip


def missing(engine: sa.Engine) -> list[str]:
    """Codes and presences of the schema that no row has; empty: every state is there."""
    found = []
    with transaction(engine) as connection:
        for table in tables.metadata.sorted_tables:
            for name, codes in _codes(table):
                query = sa.select(table.c[name]).distinct()
                known = set(connection.scalars(query))
                found += [f"{table.name}.{name} = {one}" for one in codes if one not in known]
            for column in list[sa.Column[Any]](table.c):
                if not column.nullable or (table.name, column.name) in _ALWAYS_SET:
                    continue
                told = set(connection.scalars(sa.select(column.is_(None)).distinct()))
                found += [f"{table.name}.{column.name} null: {one}" for one in {True, False} - told]
    return found


def _codes(table: sa.Table) -> Iterator[tuple[str, list[str]]]:
    """(column, codes) of each constraint that lists codes."""
    for constraint in table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            told = re.fullmatch(r"(\w+) IN \((.*)\)", str(constraint.sqltext))
            if told is not None and "'" in told[2]:
                yield told[1], json.loads(f"[{told[2]}]".replace("'", '"'))
