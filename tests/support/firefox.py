"""Debian's Firefox, driven through its own Marionette protocol: no driver is needed.

Keys are given to the browser as a keyboard gives them, with the place and what the key yields.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.keyboards import Key

_STARTS_WITHIN_S = 120.0
_ANSWERS_WITHIN_S = 60.0
_PREFERENCES = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "intl.accept_languages": "fr-FR",
}
_PRESS = """
const [key, code, alt] = arguments;
const window = Services.wm.getMostRecentBrowserWindow();
const tip = Cc["@mozilla.org/text-input-processor;1"].createInstance(Ci.nsITextInputProcessor);
tip.beginInputTransactionForTests(window);
const pressed = (one) => new window.KeyboardEvent("", one);
const held = pressed({ key: "Alt", code: "AltLeft" });
if (alt) tip.keydown(held);
const one = pressed({ key, code });
tip.keydown(one);
tip.keyup(one);
if (alt) tip.keyup(held);
"""


class Firefox:
    """One window."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._number = connection, 0
        self._read()  # its greeting
        self.call("WebDriver:NewSession", capabilities={"alwaysMatch": {}})

    def call(self, command: str, **told: Any) -> Any:
        """Give a command; its answer."""
        self._number += 1
        text = json.dumps([0, self._number, command, told])
        self._connection.sendall(f"{len(text.encode())}:{text}".encode())
        _, number, error, value = self._read()
        assert number == self._number
        assert error is None, error
        return value

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a script of the page."""
        return self.call("WebDriver:ExecuteScript", script=script, args=list(arguments))["value"]

    def until(self, condition: str, *arguments: Any) -> None:
        """Wait until an expression holds in the page."""
        deadline = time.monotonic() + _ANSWERS_WITHIN_S
        while not self.run(f"return Boolean({condition})", *arguments):
            assert time.monotonic() < deadline, f"never: {condition}"
            time.sleep(0.05)

    def press(self, key: Key) -> None:
        """Press and let go of a key, as the system would hand it over."""
        self.call("Marionette:SetContext", value="chrome")
        try:
            self.run(_PRESS, key.gives, key.code, key.alt)
        finally:
            self.call("Marionette:SetContext", value="content")

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            length += self._some(1)
        left, text = int(length[:-1]), b""
        while len(text) < left:
            text += self._some(left - len(text))
        return json.loads(text)

    def _some(self, most: int) -> bytes:
        found = self._connection.recv(most)
        assert found, "Firefox has ended"
        return found


@contextlib.contextmanager
def firefox() -> Iterator[Firefox]:
    """Start the browser; without one a test is skipped, and fails in CI."""
    program = shutil.which("firefox-esr")
    if program is None:
        missing = "Debian's Firefox is not installed: apt-get install firefox-esr"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="firefox-") as folder:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items()]
        Path(folder, "user.js").write_text("\n".join(lines))
        running = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", folder,
             "--marionette", "--remote-allow-system-access"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
        )  # fmt: skip
        try:
            address = ("127.0.0.1", _port(Path(folder, "MarionetteActivePort"), running))
            with socket.create_connection(address, timeout=_ANSWERS_WITHIN_S) as connection:
                yield Firefox(connection)
        finally:
            running.terminate()
            running.wait()


def _port(told: Path, running: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while not (told.exists() and told.read_text().strip()):
        assert running.poll() is None, "Firefox ended at its start"
        assert time.monotonic() < deadline, "Firefox never opened its port"
        time.sleep(0.1)
    return int(told.read_text())
