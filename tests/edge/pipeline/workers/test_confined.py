"""A reading process can do nothing but read: each attempt is made from inside, and fails."""

import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from edge.errors import ConfinementMissing
from edge.pipeline.workers import Checker, Confinement, handle
from edge.pipeline.workers import confinement as workers_landlock
from edge.pipeline.workers.confinement import Protection
from tests.support import attempts, pictures, reading, small_lots

_NOBODY = 65_534
# What the file system, a signal handler or an argument refuses first, as well as the filter.
_REFUSED = {"EPERM", "EACCES", "ENOSYS"}


@dataclass(frozen=True)
class Place:
    """A station's folders, as far as an attack would want them."""

    told: dict[str, Any]
    secret: Path
    before: bytes


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("station")
    for above in (root, *list(root.parents)[:2]):
        above.chmod(0o755)
    for name in ("work", "home"):
        (root / name).mkdir()
        (root / name).chmod(0o777)
    secret, journal = root / "key.pem", root / "work" / "journal.sqlite"
    for path in (secret, journal):
        path.write_bytes(b"of the station")
        path.chmod(0o666)  # the account may: only the confinement can refuse
    dgram = socket.SOCK_DGRAM
    with (
        socket.socket() as door,
        socket.socket(socket.AF_UNIX, dgram) as box,
        socket.socket(socket.AF_UNIX, dgram) as abstract,
    ):
        door.bind(("127.0.0.1", 0))
        door.listen()
        box.bind(str(root / "unix"))
        abstract.bind("\0" + str(root / "unix"))
        (root / "unix").chmod(0o777)
        told = {
            "secret": str(secret),
            "journal": str(journal),
            "work": str(root / "work"),
            "home": str(root / "home"),
            "port": door.getsockname()[1],
            "unix": str(root / "unix"),
        }
        yield Place(told, secret, secret.read_bytes())


def attempted(place: Place, user: int | None, *, landlock: bool = True) -> dict[str, Any]:
    """What came of every attempt, made by a process of this user that locked itself."""
    told = place.told | {"landlock": landlock, "user": user}
    done = subprocess.run(
        [sys.executable, attempts.__file__, json.dumps(told)],
        capture_output=True,
        check=False,
        cwd="/",
        env=handle.environment(),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _users() -> list[Any]:
    is_root = os.geteuid() == 0
    other = pytest.mark.skipif(not is_root, reason="only root can become another user")
    return [
        pytest.param(None, id="as-this-user"),
        pytest.param(_NOBODY, id="as-an-ordinary-user", marks=other),
    ]


@pytest.mark.skipif(workers_landlock.generation() < 1, reason="this kernel has no Landlock")
@pytest.mark.parametrize("user", _users())
def test_nothing_that_is_tried_from_inside_succeeds(place: Place, user: int | None) -> None:
    found = attempted(place, user)

    assert {name: how for name, how in found["tried"].items() if how not in _REFUSED} == {}
    assert found["may"] == {"allocate": "done", "clock": "done", "read_code": "done"}
    assert workers_landlock.REQUIRED | {Protection.LANDLOCK} <= set(found["held"])
    assert place.secret.read_bytes() == place.before
    assert {path.name for path in place.secret.parent.rglob("*")} == {
        "key.pem", "work", "home", "journal.sqlite", "unix",
    }  # fmt: skip


@pytest.mark.parametrize("user", _users())
def test_without_landlock_no_file_at_all_is_opened(place: Place, user: int | None) -> None:
    found = attempted(place, user, landlock=False)

    assert {name: how for name, how in found["tried"].items() if how not in _REFUSED} == {}
    assert found["may"] == {"allocate": "done", "clock": "done", "read_code": "EACCES"}
    assert found["held"] == sorted(
        set(Protection) - {Protection.LANDLOCK, Protection.TCP, Protection.SIGNALS}
    )


def test_attempts_that_are_refused_inside_succeed_outside(place: Place) -> None:
    """Else a typing error in an attempt would look like a protection."""
    with socket.socket() as kept, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letters:
        around = attempts.Around(**place.told, landlock=True, parent=os.getppid())
        tried = attempts.attempts(around, kept, letters)
        harmless = [
            "socket_inet", "socket_udp", "socket_unix", "socket_pair", "read_secret",
            "read_journal", "write_journal", "list_work", "write_work", "write_home",
            "memory_file", "mkdir", "fifo", "link", "symlink", "chmod", "utime", "ask_parent",
            "pidfd", "own_environment", "process_list", "signal_by_owner", "connect_kept_socket",
            "send_to_unix", "send_to_abstract", "pass_to_unix",
        ]  # fmt: skip
        outcome = {name: attempts._tried(tried[name]) for name in harmless}

    assert set(outcome.values()) == {"done"}, outcome


def test_a_started_pool_is_confined_holds_nothing_open_and_knows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAGUEMESTRE_TEST_SECRET", "hunter2")
    path = tmp_path / "page.tif"
    path.write_bytes(pictures.tiff(pictures.page(), compression="tiff_lzw"))
    with (tmp_path / "journal").open("w") as journal:
        os.set_inheritable(journal.fileno(), True)
        with reading.running(reading.settings(), count=2) as workers:
            held = workers.held()
            result = reading.read(workers, path, path)
            for process in reading.living(workers):
                _is_locked(process, str(path))
    assert held >= workers_landlock.REQUIRED
    assert [page.ref.file for d in result.documents for page in d.pages] == ["page.tif"] * 2


def _is_locked(process: psutil.Process, page: str) -> None:
    proc = Path(f"/proc/{process.pid}")
    status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines())
    assert (status["NoNewPrivs"], status["Seccomp"], status["Threads"]) == ("1", "2", "1")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, name
    if os.geteuid() == 0:  # nobody else may look: it leaves no image of its memory either
        assert int(status["CapBnd"], 16) == 0
        opened = Counter(str(fd.readlink()).partition(":")[0] for fd in (proc / "fd").iterdir())
        assert opened - Counter([page]) == {"/dev/null": 3, "socket": 1}
        environment = (proc / "environ").read_bytes()
        assert b"hunter2" not in environment
        assert b"HOME=" not in environment
    limits = (proc / "limits").read_text()
    for line in (r"Max core file size +0 +0", r"Max file size +0 +0"):
        assert re.search(line, limits)


_READS_LOCKED = """
import json, os, sys
from pathlib import Path
from vaguemestre.model.document import ImageRef
from edge.pipeline.workers import confinement
from edge.pipeline.workers.process import _Tasks
from edge.pipeline.workers.messages import Act, Task
from tests.support import reading
tasks = _Tasks.load(reading.settings())
tasks.warm_up()
files = {path.name: os.open(path, os.O_RDONLY) for path in Path(sys.argv[1]).rglob("*.*")
         if path.suffix != ".py"}
confinement.lock(with_landlock=False)
told = {}
for name, fd in files.items():
    answer, _ = tasks.answer(Task(Act.READ, ImageRef(name, 0, name)), fd)
    told[name] = [answer.kind, getattr(answer, "where", ""),
                  answer.reading.guesses[0].type if answer.kind == "read" and
                  answer.reading.guesses else ""]
print(json.dumps(told))
"""


@pytest.mark.slow
def test_pages_of_every_kind_are_read_where_no_file_can_be_opened(tmp_path: Path) -> None:
    """All that reading imports is there beforehand: nothing is missed in a locked process."""
    small_lots.draw(tmp_path / "lots")
    script = tmp_path / "locked.py"
    script.write_text(_READS_LOCKED)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "lots")],
        capture_output=True,
        check=False,
        env={**handle.environment(), "HOME": str(Path.home())},
        timeout=500,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    images = {name: how for name, how in told.items() if not name.upper().endswith(".DAT")}
    assert {(kind, where) for kind, where, _ in images.values()} == {("read", "")}
    assert {"S3110", "S3704"} & {kind for *_, kind in images.values()}


# An older kernel: the calls that confine are not there. A filter of its own makes it so.
_OLD_KERNEL = """
import ctypes, errno, os, platform, struct, sys
from edge.pipeline.workers import confinement, handle
machine = confinement.MACHINES[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
steps = [(0x20, 0, 0, 0)]
for number in (machine.seccomp, confinement.LANDLOCK_CREATE):
    steps += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | errno.ENOSYS)]
steps.append((0x06, 0, 0, 0x7FFF0000))
assert confinement.install(machine, b"".join(struct.pack("=HBBI", *step) for step in steps))
os.execv(sys.executable, [*handle._PROGRAM, sys.argv[1]])
"""


@pytest.fixture
def old_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "old_kernel.py"
    script.write_text(_OLD_KERNEL)
    monkeypatch.setattr(handle, "_PROGRAM", (sys.executable, str(script)))


@pytest.mark.usefixtures("old_kernel")
def test_where_the_kernel_confines_nothing_nothing_is_read_unless_the_settings_say_so(
    tmp_path: Path,
) -> None:
    path = tmp_path / "page.tif"
    path.write_bytes(pictures.tiff(pictures.page(), compression="tiff_lzw"))
    told = replace(reading.settings(), networks=False)
    checker = Checker(told, 60.0)
    try:
        with pytest.raises(ConfinementMissing, match="calls, files"):
            checker.is_whole(path)
    finally:
        checker.close()
    checker = Checker(replace(told, confinement=Confinement.BEST), 60.0)
    try:
        held = checker.start().held
        assert checker.is_whole(path)
    finally:
        checker.close()
    assert held == {
        Protection.NO_NEW_RIGHTS, Protection.NO_CAPABILITIES, Protection.NO_MEMORY_IMAGE,
    }  # fmt: skip
