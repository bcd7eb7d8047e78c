"""The PostgreSQL that comes with the program: started, kept, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from central.db.embedded import EmbeddedPostgres, running_url
from central.db.engine import open_engine
from central.errors import EmbeddedFailed
from tests.support.waiting import wait_until

_ROOT = Path(__file__).parents[3]
_HOLDING = """
import sys, time
from pathlib import Path
from central.db.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), durable=False):
    print("up", flush=True)
    time.sleep(600)
"""


def _run(url: str, statement: str) -> list[object]:
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return list(result.scalars()) if result.returns_rows else []
    finally:
        engine.dispose()


def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as url:
        _run(url, "CREATE TABLE kept (value int); INSERT INTO kept VALUES (7)")
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as url:
        assert _run(url, "SELECT value FROM kept") == [7]
    with pytest.raises(EmbeddedFailed):
        running_url(tmp_path / "pg")


def test_it_is_for_its_owner_on_this_machine_alone(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as url:
        for name in ("password", "url"):
            assert (tmp_path / "pg" / name).stat().st_mode & 0o077 == 0
        assert _run(url, "SHOW listen_addresses") == ["127.0.0.1"]
        with pytest.raises(sa.exc.OperationalError):
            _run(sa.make_url(url).set(password="guessed").render_as_string(False), "SELECT 1")
        if os.geteuid() == 0:
            pid = int((tmp_path / "pg" / "data" / "postmaster.pid").read_text().split()[0])
            assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_two_processes_never_run_it_at_once(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as url:
        with pytest.raises(EmbeddedFailed):
            EmbeddedPostgres(tmp_path / "pg", durable=False).start()
        assert running_url(tmp_path / "pg") == url


def test_it_ends_with_a_process_that_was_killed_and_starts_again(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDING, str(tmp_path / "pg")], cwd=_ROOT, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    pid = int((tmp_path / "pg" / "data" / "postmaster.pid").read_text().split()[0])
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as url:
        assert _run(url, "SELECT 1") == [1]
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
