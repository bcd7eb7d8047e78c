"""The migrations make what the tables say, on a real PostgreSQL."""

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import exc

from central.db import migrate
from central.db.engine import open_engine, transaction
from central.db.tables import metadata
from central.errors import PartitionBlocked, SchemaBehind, StoreUnavailable
from tests.support.central import document, store
from tests.support.database import TestServer

pytestmark = pytest.mark.on_both_servers


def _checks(engine: sa.Engine) -> dict[str, set[tuple[str | None, str]]]:
    inspector = sa.inspect(engine)
    return {
        table: {
            (check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)
        }
        for table in metadata.tables
    }


def test_the_migrations_make_the_tables_that_the_code_knows(engine: sa.Engine) -> None:
    assert migrate.differences(engine) == []


def test_the_migrations_make_the_same_checks_as_the_tables(
    engine: sa.Engine, postgres: TestServer
) -> None:
    with postgres.empty() as url:
        plain = open_engine(url)
        metadata.create_all(plain)
        expected = _checks(plain)
        plain.dispose()
    assert _checks(engine) == expected
    assert any(expected.values())


def test_a_database_without_tables_is_behind(postgres: TestServer) -> None:
    with postgres.empty() as url:
        engine = open_engine(url)
        with pytest.raises(SchemaBehind):
            migrate.check_version(engine)
        engine.dispose()


def test_a_migrated_database_is_up_to_date(engine: sa.Engine) -> None:
    migrate.check_version(engine)


def test_a_newer_schema_is_accepted(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    migrate.check_version(engine)


def test_migrating_twice_changes_nothing(engine: sa.Engine) -> None:
    migrate.upgrade(engine, dt.date(2026, 1, 31))
    migrate.upgrade(engine, dt.date(2026, 1, 31))
    assert migrate.differences(engine) == []


def _insert(engine: sa.Engine, document_id: uuid.UUID) -> str:
    lot = uuid.uuid4()
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO sites (site) VALUES ('gien') ON CONFLICT DO NOTHING")
        )
        connection.execute(
            sa.text(
                "INSERT INTO lots (id, name, site, station, channel, received_at, fund) "
                "VALUES (:lot, 'L', 'gien', 's1', 'scanner', now(), '45')"
            ),
            {"lot": lot},
        )
        return str(
            connection.scalar(
                sa.text(
                    "INSERT INTO documents (id, lot_id, position, site, station, channel, "
                    "received_at, received_on, fund, type, type_confidence, route, route_reasons, "
                    "process, pole, destination, retention, marks, versions, page_count, state) "
                    "VALUES (:id, :lot, 0, 'gien', 's1', 'scanner', now(), now(), '45', 'S3110', "
                    "1, 'name', '{}', 'FSP', 'x', 'FSP', '', '{}', '{}', 1, 'to_name') "
                    "RETURNING tableoid::regclass"
                ),
                {"id": document_id, "lot": lot},
            )
        )


def _id_of(moment: dt.datetime) -> uuid.UUID:
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)


def test_a_document_lies_in_the_partition_of_its_month(engine: sa.Engine) -> None:
    migrate.make_ahead(engine, dt.date(2031, 12, 15), months_ahead=1)
    last = dt.datetime(2031, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    assert _insert(engine, _id_of(last)) == "documents_p203112"
    assert _insert(engine, _id_of(last + dt.timedelta(seconds=1))) == "documents_p203201"


def test_a_month_is_made_around_what_the_default_partition_holds_of_it(engine: sa.Engine) -> None:
    early = dt.datetime(1999, 5, 5, tzinfo=dt.UTC)
    day = dt.timedelta(days=1)
    for moment in (early, early + 2 * day):
        assert _insert(engine, _id_of(moment)) == "documents_default"
    migrate.make_ahead(engine, early.date(), months_ahead=0)
    migrate.make_ahead(engine, early.date(), months_ahead=0)
    assert _insert(engine, _id_of(early - day)) == "documents_p199905"
    assert _insert(engine, _id_of(early + day)) == "documents_default"
    assert _insert(engine, _id_of(early + 3 * day)) == "documents_p199905b"


def test_a_month_whose_first_moment_lies_in_the_default_partition_is_made_once(
    engine: sa.Engine,
) -> None:
    first = migrate.first_id(dt.date(1999, 5, 1))
    assert _insert(engine, first) == "documents_default"
    for _ in range(2):
        migrate.make_ahead(engine, dt.date(1999, 5, 5), months_ahead=0)
    assert (
        _insert(engine, _id_of(dt.datetime(1999, 5, 1, 1, tzinfo=dt.UTC))) == "documents_p199905b"
    )


def test_a_station_clock_months_ahead_leaves_that_month_its_partition(engine: sa.Engine) -> None:
    today = dt.datetime.now(dt.UTC)
    ahead = (today.replace(day=15) + dt.timedelta(days=30 * 6)).replace(day=15)
    for moment in (ahead, today - dt.timedelta(days=400)):
        made = store(engine, document(id=_id_of(moment)))
        with transaction(engine) as connection:
            where = connection.scalar(
                sa.text("SELECT tableoid::regclass::text FROM documents WHERE id = :id"),
                {"id": made.id},
            )
        assert where == f"documents_p{moment:%Y%m}"
    far = store(engine, document(id=_id_of(today.replace(year=2090))))
    with transaction(engine) as connection:
        found = connection.scalars(sa.text("SELECT id FROM documents_default")).all()
    assert found == [far.id]


def test_an_id_of_no_year_is_stored_too(engine: sa.Engine) -> None:
    made = store(engine, document(id=uuid.UUID(int=(1 << 128) - 1)))
    assert migrate.month_of(made.id) is None


def test_a_month_that_cannot_be_made_is_told(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = dt.datetime(1999, 5, 5, tzinfo=dt.UTC)
    low, high = (migrate.first_id(dt.date(1999, month, 1)) for month in (5, 6))
    _insert(engine, _id_of(early))
    # As when a document comes between the look and the making.
    monkeypatch.setattr(migrate, "_pieces", lambda *_: [("", low, high)])
    with pytest.raises(PartitionBlocked):
        migrate.make_ahead(engine, early.date(), months_ahead=1)
    with transaction(engine) as connection:
        assert connection.scalar(sa.text("SELECT to_regclass('pages_p199905')")) is None
    migrate.upgrade(engine, early.date())


def test_the_audit_trail_cannot_be_rewritten(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO audit (actor, action, subject) VALUES ('a', 'b', 'c')")
        )
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(exc.DBAPIError, match="append-only"), transaction(engine) as connection:
            connection.execute(sa.text(statement))


def test_a_server_that_does_not_answer_is_an_error_of_ours() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable), transaction(engine):
        pass
    engine.dispose()


def test_what_0_3_0_wrote_means_the_same_after_the_migration(postgres: TestServer) -> None:
    """Accounts see what they saw, files are known by site, impossible dates are put right."""
    with postgres.empty() as url:
        engine = open_engine(url)
        with transaction(engine) as connection:
            command.upgrade(migrate._config(connection), "0002")
            for statement in _OF_0_3_0:
                connection.execute(sa.text(statement))
        migrate.upgrade(engine, dt.date(2026, 11, 30))
        with engine.connect() as connection:
            people = connection.execute(
                sa.text("SELECT login, sites, poles FROM people ORDER BY login")
            ).all()
            files = connection.execute(
                sa.text("SELECT encode(sha256, 'escape'), site FROM blob_sites ORDER BY 1")
            ).all()
            lot = connection.execute(sa.text("SELECT received_at = first_seen_at FROM lots"))
            document = connection.execute(sa.text("SELECT received_on FROM documents"))
            assert people == [("all", ["*"], ["*"]), ("some", ["gien"], ["*"])]
            assert files == [("front", "gien"), ("twin", "gien")]
            assert lot.scalar_one() is True
            assert document.scalar_one() == dt.date(2026, 11, 3)
        engine.dispose()


_OF_0_3_0 = (
    "INSERT INTO people (login, name, sites) VALUES ('all', 'A', '{}'), ('some', 'S', '{gien}')",
    "INSERT INTO sites (site) VALUES ('gien')",
    "INSERT INTO lots (id, name, site, station, channel, received_at, fund) VALUES "
    "('0197a000-0000-7000-8000-000000000001', 'L', 'gien', 's', 'scanner', '9999-12-31', '45')",
    "INSERT INTO documents (id, lot_id, position, site, station, channel, received_at, "
    "received_on, fund, type, type_confidence, route, route_reasons, process, pole, destination, "
    "retention, marks, versions, page_count, state, stored_at) VALUES "
    "('0197a000-0000-7000-8000-000000000002', '0197a000-0000-7000-8000-000000000001', 0, 'gien', "
    "'s', 'scanner', '9999-12-31', '9999-12-31', '45', 'S3110', 1, 'name', '{}', '', '', '', '', "
    "'{}', '{}', 1, 'to_name', '2026-11-03T10:00Z')",
    "INSERT INTO pages (document_id, number, file, file_index, sha256, role, rotation, skew_deg, "
    "dpi, width_mm, height_mm, blur, text, marks, twin_file, twin_index, twin_sha256) VALUES "
    "('0197a000-0000-7000-8000-000000000002', 0, 'a', 0, 'front', 'front', 0, 0, 200, 210, 297, 0, "
    "'', '{}', 'b', 0, 'twin')",
)
