"""A whole site on this machine: a centre and one station as processes of their own.

Settings, certificates and state lie in one folder. Both processes end with whoever started
them, even if that one is killed.
"""

import base64
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from central.db import embedded
from central.db.engine import open_engine
from tests.support import accounts
from tests.support.certificates import Authority
from vaguemestre.pack import default_dir

_ROOT = Path(__file__).parents[2]
_CONFINE = _ROOT / "central" / "db" / "confine.py"
_READY_WITHIN_S = 180.0
_STOP_WITHIN_S = 60.0

SITE, STATION, FUND = "la-rochelle", "poste-1", "17"


class Ended(Exception):
    """A process ended, or was not ready in time; the message has the end of its log."""


class Process:
    """One of our programs; its standard output is read line by line, its log goes to a file."""

    def __init__(self, module: str, arguments: Sequence[str], log: Path) -> None:
        self._log = log
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._seen: list[str] = []
        program = [sys.executable, "-m", module, *arguments]
        confined = [sys.executable, "-I", "-S", str(_CONFINE), "--parent", str(os.getpid()), "--"]
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*confined, *program],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # Ctrl-C is for whoever started us: it ends us in order
            )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, out: IO[str]) -> None:
        with out:
            for line in out:
                self._lines.put(line.strip())

    def wait_for(self, beginning: str) -> str:
        """The rest of the first line that begins so.

        Raises:
            Ended: it never came.
        """
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self._seen:  # parts become ready in any order
                if line.startswith(beginning):
                    return line.removeprefix(beginning).strip()
            with contextlib.suppress(queue.Empty):
                self._seen.append(self._lines.get(timeout=0.2))
        tail = self._log.read_text("utf-8", "replace")[-3_000:]
        raise Ended(f"{self.process.args!r} : pas de « {beginning} ».\n{tail}")

    def stop(self) -> int:
        """End it in order; killed when it takes too long."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._reader.join(_STOP_WITHIN_S)
        return status

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()
        self._reader.join(_STOP_WITHIN_S)


@dataclass(frozen=True, slots=True)
class Destination:
    """One pôle: a folder, or an HTTP address with the file of its secret."""

    name: str
    folder: Path | None = None
    url: str = ""
    secret_file: Path | None = None


def destinations_of_plan() -> list[str]:
    """Every destination that the plan names."""
    plan = tomllib.loads((default_dir() / "plan.toml").read_text("utf-8"))
    entries = list(plan["types"].values())
    entries += [special for entry in entries for special in entry.get("funds", {}).values()]
    return sorted({entry["destination"] for entry in entries if "destination" in entry})


class Site:
    """Writes the settings; starts and stops the processes.

    Args:
        folder: Of this site alone.
        cache: Of the station's cut models; shared between sites to start quickly.
        destinations: By default one folder for each destination of the plan.
        centre: Settings beside the written ones, by table.
        station: Likewise.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        destinations: Sequence[Destination] | None = None,
        *,
        centre: Mapping[str, Mapping[str, Any]] | None = None,
        station: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.folder, self._cache = folder, cache
        self.scan, self.work = folder / "scan", folder / "station"
        self.poles, self.returns = folder / "poles", folder / "retours"
        for path in (self.scan, self.work, self.poles):
            path.mkdir(parents=True, exist_ok=True)
        (self.scan / ".vaguemestre").touch()
        self.authority = Authority(folder / "certificats")
        self._server, self._station = self.authority.server(), self.authority.station(SITE)
        self.destinations = destinations or [
            Destination(name, self.poles / name) for name in destinations_of_plan()
        ]
        self._centre_more, self._station_more = centre or {}, station or {}
        self.port = 0
        self.address = ""
        self._watcher: httpx.Client | None = None
        self.centre: Process | None = None
        self.station: Process | None = None

    @property
    def centre_file(self) -> Path:
        """The centre's settings."""
        return self.folder / "centre.toml"

    @property
    def station_file(self) -> Path:
        """The station's settings."""
        return self.folder / "station.toml"

    def start_centre(self) -> None:
        """Start it, or start it again on the same port."""
        self.centre_file.write_text(self._centre_settings(), "utf-8")
        self.centre = Process(
            "central", ["serve", "--config", str(self.centre_file)], self.folder / "centre.log"
        )
        self.port = int(self.centre.wait_for("réception :").rpartition(":")[2])
        self.address = self.centre.wait_for("suivi :")
        if self._watcher is None:
            engine = open_engine(embedded.running_url(self.folder / "postgresql"))
            accounts.add(engine)
            engine.dispose()
            self._watcher = accounts.signed_in(self.address, "operations")

    def ask(self, path: str) -> dict[str, Any]:
        """What the console answers to somebody of operations; errors are httpx's."""
        assert self._watcher is not None
        answer: dict[str, Any] = self._watcher.get(path).raise_for_status().json()
        return answer

    def start_station(self) -> None:
        """Start it, or start it again."""
        self.station_file.write_text(self._station_settings(), "utf-8")
        self.station = Process(
            "edge", ["run", "--config", str(self.station_file)], self.folder / "station.log"
        )
        self.station.wait_for("prêt :")

    def stop(self) -> None:
        """End both, the station first so that its last acknowledgements still come."""
        if self._watcher is not None:
            self._watcher.close()
        for process in (self.station, self.centre):
            if process is not None and process.process.poll() is None:
                process.stop()

    def _centre_settings(self) -> str:
        tables: dict[str, dict[str, Any]] = {
            "database": {"embedded_dir": self.folder / "postgresql"},
            "blobs": {"url": f"file://{self.folder / 'images'}"},
            "intake": {
                "listen": f"127.0.0.1:{self.port}",
                "ca_file": self.authority.file,
                "certificate_file": self._server.certificate,
                "key_file": self._server.key,
            },
            "console": {
                "listen": self._listen_again(),
                "refresh_every_s": 2.0,
                "secrets_key_file": self._secrets_key(),
            },
            "dispatch": {"returns_every_s": 1.0},
        }
        text = _toml(_merged(tables, self._centre_more))
        for one in self.destinations:
            entry: dict[str, Any] = {"name": one.name, "kind": "http" if one.url else "folder"}
            if one.url:
                entry |= {"url": one.url, "secret_file": one.secret_file}
            else:
                entry |= {"folder": one.folder, "marker": ""}
                entry |= {"returns_folder": self.returns / one.name}
            text += "\n[[destinations]]\n" + _keys(entry)
        return text

    def _secrets_key(self) -> Path:
        path = self.folder / "certificats/cle-des-secrets"
        if not path.exists():
            path.touch(0o600)
            path.write_bytes(base64.b64encode(os.urandom(32)))
        return path

    def _listen_again(self) -> str:
        return self.address.removeprefix("http://").rstrip("/") or "127.0.0.1:0"

    def _station_settings(self) -> str:
        tables: dict[str, dict[str, Any]] = {
            "station": {"site": SITE, "name": STATION, "fund": FUND, "work_dir": self.work},
            "spool": {"min_free_bytes": 0},
            "reading": {"cache_dir": self._cache},
            "uplink": {
                "centres": [f"127.0.0.1:{self.port}"],
                "ca_file": self.authority.file,
                "certificate_file": self._station.certificate,
                "key_file": self._station.key,
                "heartbeat_every_s": 2.0,
                "longest_delay_s": 2.0,
            },
            "metrics": {"listen": "127.0.0.1:0"},
        }
        source = {
            "name": "scanner",
            "folder": self.scan,
            "quiet_for_s": 1.0,
            "rescan_every_s": 2.0,
            "broken_after_s": 5.0,
            "let_go_after_s": 1.0,
        }
        source |= dict(self._station_more.get("sources", {}))
        others = {name: keys for name, keys in self._station_more.items() if name != "sources"}
        return _toml(_merged(tables, others)) + "\n[[sources]]\n" + _keys(source)


def _merged(
    tables: Mapping[str, Mapping[str, Any]], more: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    names = dict.fromkeys([*tables, *more])
    return {name: {**tables.get(name, {}), **more.get(name, {})} for name in names}


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(f"[{name}]\n{_keys(keys)}" for name, keys in tables.items())


def _keys(keys: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in keys.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
