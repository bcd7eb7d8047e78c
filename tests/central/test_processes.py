"""The centre's processes, each alone, as they run on several machines."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from tests.support.certificates import Authority
from tests.support.database import TestServer
from tests.support.intake import until
from tests.support.site import Ended, Process

_ROOT = Path(__file__).parents[2]
_SCHEMA_BEHIND, _CONFIG_INVALID = 6, 2


def _settings(folder: Path, url: str, console: str = "127.0.0.1:0", **changes: str) -> Path:
    """A centre on a server of its owner's; the password is in a file of its own."""
    parsed = sa.make_url(url)
    (folder / "password").write_text(f"{parsed.password}\n", "utf-8")
    authority = Authority(folder / "pki")
    pair = authority.server()
    bare = parsed.set(password=None).render_as_string(hide_password=False)
    text = f"""
        [database]
        url = "{bare}"
        password_file = "{folder / "password"}"
        [blobs]
        url = "file://{folder / "images"}"
        [intake]
        listen = "127.0.0.1:0"
        ca_file = "{authority.file}"
        certificate_file = "{pair.certificate}"
        key_file = "{pair.key}"
        [console]
        listen = "{console}"
        [[destinations]]
        name = "FRAIS_DE_SANTE"
        kind = "folder"
        folder = "{folder / "pole"}"
        marker = ""
    """
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "centre.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Path:
    return _settings(tmp_path, database_url)


def _run(command: str, settings: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-m", "central", command, "--config", str(settings), *more]
    return subprocess.run(
        program, capture_output=True, text=True, check=False, cwd=_ROOT, timeout=300
    )


@pytest.fixture
def processes(settings: Path, tmp_path: Path) -> Iterator[dict[str, Process]]:
    started = {
        name: Process("central", [name, "--config", str(settings)], tmp_path / f"{name}.log")
        for name in ("intake", "dispatch", "console")
    }
    yield started
    for process in started.values():
        if process.process.poll() is None:
            process.kill()


def test_intake_dispatch_and_console_run_each_alone_and_end_in_order(
    processes: dict[str, Process],
) -> None:
    assert int(processes["intake"].wait_for("réception :").rpartition(":")[2]) > 0
    processes["dispatch"].wait_for("distribution :")
    address = processes["console"].wait_for("suivi :")
    assert httpx.get(f"{address}healthz").text == "bien"
    assert {name: process.stop() for name, process in processes.items()} == dict.fromkeys(
        processes, 0
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def test_each_process_tells_ready_from_alive(
    tmp_path: Path, database_url: str, postgres: TestServer
) -> None:
    ports = {"intake": _free_port(), "dispatch": _free_port()}
    metrics = "".join(f'{name}_listen = "127.0.0.1:{port}"\n' for name, port in ports.items())
    settings = _settings(tmp_path, database_url, **{"[console]": f"[metrics]\n{metrics}[console]"})
    images, away = tmp_path / "images", tmp_path / "images.away"
    started = {
        name: Process("central", [name, "--config", str(settings)], tmp_path / f"{name}.log")
        for name in ("intake", "dispatch", "console")
    }
    try:
        started["intake"].wait_for("réception :")
        started["dispatch"].wait_for("distribution :")
        bases = [f"http://127.0.0.1:{port}/" for port in ports.values()]
        bases.append(started["console"].wait_for("suivi :"))
        assert until(lambda: _states(bases) == {(200, "bien")}, 120)

        images.rename(away)
        images.write_text("no folder", "utf-8")
        assert until(lambda: {status for status, _ in _states(bases)} == {503}, 120)
        assert all("images : blob_store_unavailable" in text for _, text in _states(bases))
        assert {httpx.get(f"{base}livez").status_code for base in bases} == {200}
        images.unlink()
        away.rename(images)
        assert until(lambda: _states(bases) == {(200, "bien")}, 120)

        with postgres.closed(database_url):
            assert until(lambda: {status for status, _ in _states(bases)} == {503}, 120)
            assert all("base de données : store_un" in text for _, text in _states(bases))
            assert {httpx.get(f"{base}livez").status_code for base in bases} == {200}
        assert until(lambda: _states(bases) == {(200, "bien")}, 120)
        assert "vaguemestre_central_ready" in httpx.get(f"{bases[0]}metrics").text
        assert {process.stop() for process in started.values()} == {0}
    finally:
        for process in started.values():
            if process.process.poll() is None:
                process.kill()


def _states(bases: list[str]) -> set[tuple[int, str]]:
    """What each says; the same words whichever way it was asked before."""
    answers = [httpx.get(f"{base}readyz") for base in bases]
    return {(one.status_code, one.text if one.status_code != 200 else "bien") for one in answers}


def test_a_database_that_was_not_migrated_stops_each_with_a_reason(
    tmp_path: Path, postgres: TestServer
) -> None:
    with postgres.empty() as url:
        settings = _settings(tmp_path, url)
        for name in ("intake", "dispatch", "console", "serve", "lots"):
            answer = _run(name, settings)
            assert answer.returncode == _SCHEMA_BEHIND, answer.stderr
            assert "vaguemestre-central migrate" in answer.stderr
        assert _run("migrate", settings).returncode == 0
        assert _run("lots", settings).returncode == 0


def test_commands_about_nothing_say_so(settings: Path) -> None:
    unknown = "01a20ed9-4a3c-7ef9-8b60-04862b123436"
    assert _run("replay", settings).returncode == _CONFIG_INVALID
    assert _run("replay", settings, "--all").returncode == 1
    assert _run("replay", settings, unknown).returncode == 1
    assert _run("discard", settings, unknown, "--reason", "doublon").returncode == 1
    assert _run("deliveries", settings).returncode == 0
    assert _run("check-config", settings).returncode == 0


def test_every_wrong_setting_is_told_at_once(tmp_path: Path, database_url: str) -> None:
    settings = _settings(
        tmp_path, database_url, **{"[console]": "[console]\nport = 1", "kind": "sort"}
    )
    answer = _run("check-config", settings)
    assert answer.returncode == _CONFIG_INVALID
    assert "console.port" in answer.stderr
    assert "destinations.0.kind" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_port_that_is_taken_ends_the_process_with_a_reason(
    tmp_path: Path, database_url: str
) -> None:
    first = Process(
        "central", ["console", "--config", str(_settings(tmp_path, database_url))], tmp_path / "1"
    )
    address = first.wait_for("suivi :").removeprefix("http://").rstrip("/")
    taken = _settings(tmp_path, database_url, address)
    second = Process("central", ["console", "--config", str(taken)], tmp_path / "2")
    with pytest.raises(Ended):
        second.wait_for("suivi :")
    assert second.process.wait(20) == _CONFIG_INVALID
    assert first.process.poll() is None
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(20) == 0
    first.stop()
