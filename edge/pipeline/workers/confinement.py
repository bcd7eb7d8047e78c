"""What a reading process gives up once it is loaded; for good, and each part by the kernel's word.

Who opens files of strangers must be believed to be theirs one day: a decoder with a fault obeys
the file. It then finds itself without network, files, programs or rights, with the one pipe to
its owner. docs/decisions/0018-confined-reading.md says what each part stops and what is left.

- Landlock takes paths, TCP and signals away. Each generation of its interface (ABI) can take more;
  what a kernel's does not know is not asked for, and told as lacking. Names of files, their times
  and owners stay visible.
- A seccomp filter leaves the system calls that the C library, Python, NumPy, OpenCV, onnxruntime,
  PDFium and zxing use once everything is loaded. None of them makes a socket or a process, signals
  another one, changes an owner, a mode or a name, or runs a program. It sees the six arguments as
  numbers only: what lies behind a path is Landlock's to judge, and without Landlock no path is
  opened at all.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of processor, as the kernel names it.

    Attributes:
        audit: Its number in ``linux/audit.h``, which a filter must look at first.
        seccomp: Number of ``seccomp``.
        allowed: Numbers of the calls that are kept whatever their arguments.
        judged: Numbers, by name, of calls that depend on their arguments.
        calls_end: From here on other numberings begin (x32); 0: there are none.
    """

    audit: int
    seccomp: int
    allowed: tuple[int, ...]
    judged: Mapping[str, int]
    calls_end: int = 0


# Both have these numbers for the calls of Landlock, and one numbering for all that is newer.
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
NEWEST = 462  # mseal; calls beyond are unknown to this list, and answer as on an older kernel

_X86_64 = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8,
    "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
    "rt_sigreturn": 15, "pread64": 17, "readv": 19, "writev": 20, "access": 21, "select": 23,
    "sched_yield": 24, "mremap": 25, "msync": 26, "mincore": 27, "madvise": 28, "dup": 32,
    "nanosleep": 35, "getpid": 39, "recvfrom": 45, "recvmsg": 47, "getsockname": 51,
    "exit": 60, "uname": 63, "getcwd": 79, "readlink": 89, "gettimeofday": 96, "getrlimit": 97,
    "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107,
    "getegid": 108, "getppid": 110, "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202,
    "sched_getaffinity": 204, "getdents64": 217, "restart_syscall": 219, "clock_gettime": 228,
    "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "newfstatat": 262,
    "readlinkat": 267, "faccessat": 269, "pselect6": 270, "ppoll": 271, "set_robust_list": 273,
    "preadv": 295, "getcpu": 309, "getrandom": 318, "membarrier": 324, "statx": 332, "rseq": 334,
    "faccessat2": 439,
}  # fmt: skip
_AARCH64 = {
    "getcwd": 17, "dup": 23, "faccessat": 48, "close": 57, "getdents64": 61, "lseek": 62,
    "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67, "preadv": 69,
    "pselect6": 72, "ppoll": 73, "readlinkat": 78, "newfstatat": 79, "fstat": 80, "exit": 93,
    "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
    "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124,
    "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135,
    "rt_sigreturn": 139, "times": 153, "uname": 160, "getrlimit": 163, "getrusage": 165,
    "getcpu": 168, "gettimeofday": 169, "getpid": 172, "getppid": 173, "getuid": 174,
    "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "sysinfo": 179,
    "getsockname": 204, "recvfrom": 207, "recvmsg": 212, "brk": 214, "munmap": 215,
    "mremap": 216, "mmap": 222, "mprotect": 226, "msync": 227, "mincore": 232, "madvise": 233,
    "getrandom": 278, "membarrier": 283, "statx": 291, "rseq": 293, "faccessat2": 439,
}  # fmt: skip

MACHINES = {
    "x86_64": Machine(
        audit=0xC000003E,
        seccomp=317,
        allowed=tuple(_X86_64.values()),
        judged={
            "open": 2, "ioctl": 16, "sendto": 44, "fcntl": 72, "tgkill": 234, "openat": 257,
            "prlimit64": 302, "clone3": 435,
        },
        calls_end=0x40000000,
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        seccomp=277,
        allowed=tuple(_AARCH64.values()),
        judged={
            "fcntl": 25, "ioctl": 29, "openat": 56, "tgkill": 131, "sendto": 206, "prlimit64": 261,
            "clone3": 435,
        },
    ),
}  # fmt: skip


_ASK_VERSION = 1
_BENEATH_PATH = 1
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
# Acts on files that each generation added to those before it, as bits; 1 has thirteen.
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NEWEST_FILE_BITS = 16
TCP_SINCE, SIGNALS_SINCE = 4, 6
_TCP = 1 | 2  # to bind, to connect
_SCOPE = 1 | 2  # abstract sockets and signals beyond this process


def generation() -> int:
    """The kernel's generation of the interface; 0: it has none, or it is switched off."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)))


def restrict(readable: Iterable[Path], version: int) -> bool:
    """Leave this thread, for good, only reading below some directories.

    ``no_new_privs`` must be set before, and no other thread may run: each would stay free.

    Args:
        readable: Directories or files that may be read; those that are not there are left out.
        version: Of ``generation``.

    Returns:
        False when the kernel refuses; then nothing is taken away.
    """
    if version < 1:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    told = struct.pack(
        "=QQQ",
        (1 << _FILE_BITS.get(version, _NEWEST_FILE_BITS)) - 1,
        _TCP if version >= TCP_SINCE else 0,
        _SCOPE if version >= SIGNALS_SINCE else 0,
    )
    size = 24 if version >= SIGNALS_SINCE else 16 if version >= TCP_SINCE else 8
    rules = libc.syscall(LANDLOCK_CREATE, told, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            with suppress(OSError):
                _may_read(libc, rules, path)
        return bool(libc.syscall(LANDLOCK_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _may_read(libc: ctypes.CDLL, rules: int, path: Path) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_DIRECTORY if path.is_dir() else 0)
        libc.syscall(LANDLOCK_ADD, rules, _BENEATH_PATH, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)


_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_SET_MODE_FILTER = 1
_SYNC_THREADS, _NO_SPECULATION_STORE_BYPASS = 1, 4

_WRITES = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | (os.O_TMPFILE & ~os.O_DIRECTORY)
_FCNTL = (0, 1, 2, 3, 4, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC
_IOCTL = (0x5401, 0x5421, 0x5450, 0x5451)  # TCGETS, FIONBIO, FIONCLEX, FIOCLEX

_Step = tuple[int, int, int, int]  # code, steps over if true, steps over if false, operand


def program(machine: Machine, pid: int, *, opens: bool) -> bytes:
    """Assemble the filter.

    Args:
        machine: Whose calls.
        pid: The process's own id: it may send signals to itself (``abort``).
        opens: Files may be opened for reading; else no file is opened by its path.

    Returns:
        Steps of eight bytes, as ``struct sock_filter``.
    """
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if machine.calls_end:
        steps += [(_JUMP_FROM, 0, 1, machine.calls_end), (_RETURN, 0, 0, _KILL)]
    for number in machine.allowed:
        steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for name, number in machine.judged.items():
        judged = _judged(name, pid, opens=opens)
        steps += [(_JUMP_EQUAL, 0, len(judged), number), *judged]
    steps += [
        (_JUMP_FROM, 0, 1, NEWEST + 1),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def install(machine: Machine, steps: bytes) -> bool:
    """Put a filter over all threads of this process, for good; False: the kernel refuses.

    ``no_new_privs`` must be set before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    memory = ctypes.create_string_buffer(steps, len(steps))
    told = struct.pack("=HxxxxxxQ", len(steps) // 8, ctypes.addressof(memory))
    # Before 5.16 a filter also switches off speculative stores, unless told that no program that
    # shares this memory is distrusted: there is none.
    for flags in (_SYNC_THREADS | _NO_SPECULATION_STORE_BYPASS, _SYNC_THREADS):
        if libc.syscall(machine.seccomp, _SET_MODE_FILTER, flags, told) == 0:
            return True
    return False


def _judged(name: str, pid: int, *, opens: bool) -> list[_Step]:
    """What follows a call whose arguments decide; ends in an answer whatever they are."""
    refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    allow = (_RETURN, 0, 0, _ALLOW)
    match name:
        case "open" | "openat":
            denied = (_RETURN, 0, 0, _ERRNO | errno.EACCES)
            if not opens:
                return [denied]
            flags = _argument(1 if name == "open" else 2)
            return [flags, (_JUMP_BITS, 0, 1, _WRITES), denied, allow]
        case "fcntl":
            return [*_one_of(1, _FCNTL), refuse]
        case "ioctl":
            return [*_one_of(1, _IOCTL), refuse]
        case "tgkill":
            return [*_one_of(0, (pid,)), refuse]
        case "prlimit64" | "sendto":  # to ask for a limit; to answer whom it is connected with
            index = 2 if name == "prlimit64" else 4  # of a new limit's address, of a recipient's
            return [*_absent(index), refuse, allow]
        case _:  # clone3: an older C library's way is tried then, and refused above
            return [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]


def _argument(index: int, *, high: bool = False) -> _Step:
    """Load one half of an argument; kernels of these machines keep the low one first."""
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index + 4 * high)


def _absent(index: int) -> list[_Step]:
    """Skip one step, the refusal, when an argument is no address at all."""
    low, high = _argument(index), _argument(index, high=True)
    return [low, (_JUMP_EQUAL, 0, 2, 0), high, (_JUMP_EQUAL, 1, 0, 0)]


def _one_of(index: int, values: Sequence[int]) -> list[_Step]:
    """Allow when an argument's low half is among the values; else go on."""
    steps: list[_Step] = [_argument(index)]
    for value in values:
        steps += [(_JUMP_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return steps


_SET_DUMPABLE, _SET_NO_NEW_PRIVS, _DROP_FROM_BOUNDING = 4, 38, 24
_AMBIENT, _AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_OPEN_FILES = 64
# Where PDFium looks for fonts that a PDF names and does not hold.
_FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts")


class Protection(StrEnum):
    """What is in force, each on its own; ``doctor`` has a sentence for each."""

    NO_NEW_RIGHTS = "no_new_rights"  # no program that it runs gains rights (no_new_privs)
    NO_CAPABILITIES = "no_capabilities"  # nothing of root but the name
    NO_MEMORY_IMAGE = "no_memory_image"  # no core file, memory closed to other processes
    CALLS = "calls"  # no socket, process, program, signal, owner, mode (seccomp)
    FILES = "files"  # none is opened but code and fonts
    LANDLOCK = "landlock"  # files are judged by path; without it none is opened at all
    TCP = "tcp"  # no connection even by a socket that was left open
    SIGNALS = "signals"  # no signal, no abstract socket, to anything outside


# Without these a process reads nothing unless the settings say so.
REQUIRED = frozenset({Protection.NO_NEW_RIGHTS, Protection.CALLS, Protection.FILES})


def no_memory_image() -> None:
    """Leave no core file, and let no other process of the account look into this one."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_SET_DUMPABLE, 0)


def lock(*, with_landlock: bool = True) -> frozenset[Protection]:
    """Give up all that reading does not need; what the kernel does not take is not in the answer.

    Everything that is ever to be imported must be. With a second thread there is neither Landlock
    nor a word of capabilities; the filter holds for all threads.

    Args:
        with_landlock: False does as on a kernel that has none.
    """
    held = set[Protection]()
    no_memory_image()
    held.add(Protection.NO_MEMORY_IMAGE)
    last = _last_capability()
    _limit()
    if _prctl(_SET_NO_NEW_PRIVS, 1):
        held.add(Protection.NO_NEW_RIGHTS)
    is_alone = _threads() == 1  # these two are given up by one thread, the others would stay free
    version = generation() if with_landlock and is_alone else 0
    if restrict(readable(), version):
        held |= {Protection.LANDLOCK, Protection.FILES}
        held |= {Protection.TCP} if version >= TCP_SINCE else set()
        held |= {Protection.SIGNALS} if version >= SIGNALS_SINCE else set()
    if _drop_capabilities(last) and is_alone:
        held.add(Protection.NO_CAPABILITIES)
    machine = MACHINES.get(platform.machine())
    if machine is not None:
        steps = program(machine, os.getpid(), opens=Protection.LANDLOCK in held)
        if install(machine, steps):
            held |= {Protection.CALLS, Protection.FILES}
    return frozenset(held)


def readable() -> Sequence[Path]:
    """Directories that may be read: installed code, for what is imported late, and fonts."""
    code = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return [Path(path) for path in (*sorted(filter(None, code)), *_FONTS)]


def _limit() -> None:
    """No file grows, few are open, none is locked in memory; as far as they can be lowered."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    most = min(_MOST_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 0


def _last_capability() -> int:
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_bytes())
    except (OSError, ValueError):
        return 40


def _drop_capabilities(last: int) -> bool:
    """Empty every set of them. Those of an ordinary account are empty, and cannot be filled."""
    for capability in range(last + 1):
        _prctl(_DROP_FROM_BOUNDING, capability)
    _prctl(_AMBIENT, _AMBIENT_CLEAR_ALL)
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    return bool(libc.capset(header, struct.pack("=6I", *[0] * 6)) == 0)


def _prctl(option: int, *arguments: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return bool(libc.prctl(option, *padded) == 0)
