"""What a file might make a confined process do: each tries one thing and lets its error out.

Run as a program: ``attempts.py JSON`` with ``secret``, ``journal``, ``work``, ``home``, ``port``,
``unix``, ``landlock``, ``user``. It becomes that user, locks itself as a reading process does,
tries everything and prints one JSON object, by attempt: ``done``, or the name of the error.
"""

import ctypes
import errno
import io
import json
import mmap
import os
import resource
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.pipeline.workers import confinement

_libc = ctypes.CDLL(None, use_errno=True)
_PTRACE, _READ_OTHERS_MEMORY, _MOUNT, _UNSHARE, _BPF, _KEYCTL, _RING, _BY_HANDLE, _SETNS = (
    101, 310, 165, 272, 321, 250, 425, 304, 308
)  # fmt: skip
_TIOCSTI, _F_SETOWN = 0x5412, 8


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around the process."""

    secret: str
    journal: str
    work: str
    home: str
    port: int
    unix: str
    landlock: bool
    parent: int
    user: int | None = None


def _call(number: int, *arguments: object) -> None:
    if _libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), str(number))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def attempts(
    a: Around, kept: socket.socket, letters: socket.socket
) -> dict[str, Callable[[], object]]:
    """Everything that is tried, by name; the sockets are as if some library had left them open."""
    own = os.open("/proc/self/exe", os.O_RDONLY)  # a file that it holds open
    work = Path(a.work)
    return {
        "socket_inet": lambda: socket.socket(socket.AF_INET),
        "socket_inet6": lambda: socket.socket(socket.AF_INET6),
        "socket_udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "socket_unix": lambda: socket.socket(socket.AF_UNIX),
        "socket_netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "socket_pair": socket.socketpair,
        "connect_kept_socket": lambda: kept.connect(("127.0.0.1", a.port)),
        "send_to_unix": lambda: letters.sendto(b"x", a.unix),
        "send_to_abstract": lambda: letters.sendto(b"x", "\0" + a.unix),
        "pass_to_unix": lambda: letters.sendmsg([b"x"], [], 0, a.unix),
        "bind": lambda: kept.bind(("127.0.0.1", 0)),
        "listen": lambda: kept.listen(),
        "read_secret": Path(a.secret).read_bytes,
        "read_journal": Path(a.journal).read_bytes,
        "write_journal": lambda: Path(a.journal).open("r+b"),
        "list_work": lambda: os.listdir(a.work),
        "write_work": lambda: (work / "new").write_bytes(b"x"),
        "write_tmp": lambda: Path("/tmp/vaguemestre-attempt").write_bytes(b"x"),
        "write_home": lambda: (Path(a.home) / "new").write_bytes(b"x"),
        "write_code": lambda: (Path(sysconfig.get_path("purelib")) / "x.pth").write_text("x"),
        "write_shared_memory": lambda: Path("/dev/shm/attempt").write_bytes(b"x"),
        "memory_file": lambda: os.memfd_create("x"),
        "mkdir": lambda: (work / "dir").mkdir(),
        "fifo": lambda: os.mkfifo(work / "fifo"),
        "link": lambda: os.link(a.secret, work / "link"),
        "symlink": lambda: os.symlink(a.secret, work / "sym"),
        "rename": lambda: os.rename(a.secret, work / "moved"),
        "unlink": lambda: os.unlink(a.secret),
        "truncate": lambda: os.truncate(a.secret, 0),
        "chmod": lambda: os.chmod(a.secret, 0o666),
        "fchmod": lambda: os.fchmod(own, 0o777),
        "chown": lambda: os.chown(a.secret, 1, 1),
        "utime": lambda: os.utime(a.secret, (1, 1)),
        "setxattr": lambda: os.setxattr(a.secret, "user.x", b"x"),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "fork": _fork,
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "kill_parent": lambda: os.kill(a.parent, signal.SIGTERM),
        "ask_parent": lambda: os.kill(a.parent, 0),
        "queue_signal": lambda: _call(
            129, a.parent, signal.SIGTERM, ctypes.create_string_buffer(128)
        ),
        "pidfd": lambda: os.pidfd_open(a.parent),
        "signal_by_owner": lambda: _fcntl_owner(kept, a.parent),
        "ptrace_parent": lambda: _call(_PTRACE, 16, a.parent, 0, 0),
        "read_parents_memory": lambda: _call(_READ_OTHERS_MEMORY, a.parent, None, 0, None, 0, 0),
        "open_parents_memory": Path(f"/proc/{a.parent}/mem").read_bytes,
        "parents_environment": Path(f"/proc/{a.parent}/environ").read_bytes,
        "own_environment": Path("/proc/self/environ").read_bytes,
        "process_list": lambda: os.listdir("/proc"),
        "setuid": lambda: os.setuid(1),
        "setgid": lambda: os.setgid(1),
        "setgroups": lambda: os.setgroups([]),
        "core_limit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)),
        "memory_limit": lambda: resource.setrlimit(resource.RLIMIT_DATA, (1, 1)),
        "dumpable": lambda: _prctl(4, 1),
        "no_seccomp": lambda: _prctl(22, 0),
        "mount": lambda: _call(_MOUNT, b"none", b"/mnt", b"tmpfs", 0, None),
        "unshare": lambda: _call(_UNSHARE, 0x10000000),
        "setns": lambda: _call(_SETNS, own, 0),
        "bpf": lambda: _call(_BPF, 0, None, 0),
        "keyctl": lambda: _call(_KEYCTL, 0, -3, 0),
        "io_uring": lambda: _call(_RING, 1, ctypes.create_string_buffer(120)),
        "open_by_handle": lambda: _call(_BY_HANDLE, own, None, 0),
        "chroot": lambda: os.chroot("/"),
        "chdir": lambda: os.chdir(a.work),
        "nice": lambda: os.nice(-5),
        "type_into_terminal": lambda: _ioctl(_TIOCSTI),
    }


def _fcntl_owner(kept: socket.socket, pid: int) -> None:
    if _libc.fcntl(kept.fileno(), _F_SETOWN, pid) < 0:
        raise OSError(ctypes.get_errno(), "fcntl")


def _ioctl(what: int) -> None:
    if _libc.ioctl(0, what, b"x") < 0:
        raise OSError(ctypes.get_errno(), "ioctl")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _closed(opened: object) -> None:
    """What an attempt opened: with descriptors, sockets and maps alike."""
    for one in opened if isinstance(opened, tuple) else (opened,):
        if isinstance(one, socket.socket | io.IOBase | mmap.mmap):
            one.close()


def _tried(act: Callable[[], object]) -> str:
    try:
        _closed(act())
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
    except ValueError:  # how ``resource`` says that a limit may not be raised
        return "EPERM"
    return "done"


def main() -> None:
    """Be locked, try, tell."""
    around = Around(parent=os.getppid(), **json.loads(sys.argv[1]))
    code = [Path(sysconfig.get_path("stdlib")) / "os.py", Path(np.__file__)]
    with socket.socket() as kept, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letters:
        tried = attempts(around, kept, letters)
        if around.user is not None:
            os.setgroups([])
            os.setgid(around.user)
            os.setuid(around.user)
        allowed = next(path for path in code if os.access(path, os.R_OK))
        held = confinement.lock(with_landlock=around.landlock)
        found = {name: _tried(act) for name, act in tried.items()}
        # What it must still be able to do.
        may = {
            "allocate": _tried(lambda: mmap.mmap(-1, 1 << 20)),
            "clock": _tried(lambda: resource.getrusage(resource.RUSAGE_SELF)),
            "read_code": _tried(allowed.read_bytes),
        }
        print(json.dumps({"held": sorted(held), "tried": found, "may": may}))


if __name__ == "__main__":
    main()
