"""Debian's Prometheus, run by a test in a folder of its own."""

import contextlib
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.markdown import ROOT

_READY_WITHIN_S = 30.0
_STOP_WITHIN_S = 30.0


def program() -> str | None:
    """Where Debian's Prometheus is; None: not installed."""
    return shutil.which("prometheus")


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class Prometheus:
    """Asks its targets every second and evaluates the rules as often.

    Args:
        folder: For its data and its log.
        targets: host:port, by the name of their job.
        rule_files: Loaded as they are.
    """

    def __init__(
        self, folder: Path, targets: Mapping[str, Sequence[str]], rule_files: Sequence[Path]
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [
            {"job_name": name, "static_configs": [{"targets": list(addresses)}]}
            for name, addresses in targets.items()
        ]
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        told = {"global": every, "rule_files": [*map(str, rule_files)], "scrape_configs": jobs}
        settings = folder / "prometheus.yml"
        settings.write_text(yaml.safe_dump(told), "utf-8")
        self._log = folder / "prometheus.log"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        confine = [sys.executable, "-I", "-S", str(ROOT / "central/db/confine.py")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(*confine, "--parent", str(os.getpid()), "--", str(program())),
                    f"--config.file={settings}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Return when it answers.

        Raises:
            RuntimeError: it ended, or takes too long; the message has its log.
        """
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError(self.log())

    def log(self) -> str:
        """What it complained of."""
        return self._log.read_text("utf-8")

    def stop(self) -> None:
        """End it in order."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(_STOP_WITHIN_S)

    def get(self, path: str, **parameters: str) -> Any:
        """Ask its HTTP interface.

        Raises:
            httpx.HTTPStatusError: it says that the question is wrong.
        """
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=20)
        answer.raise_for_status()
        return answer.json()["data"]

    def values(self, query: str) -> list[float]:
        """The values of a query now, without those that are not a number."""
        found = self.get("query", query=query)["result"]
        numbers = [float(one["value"][1]) for one in found]
        return [number for number in numbers if not math.isnan(number)]

    def firing(self) -> dict[str, dict[str, Any]]:
        """The alerts that fire, by name; the last of each."""
        alerts = self.get("alerts")["alerts"]
        return {one["labels"]["alertname"]: one for one in alerts if one["state"] == "firing"}
