"""A filter over a process's system calls, assembled for the kernel's little machine (seccomp).

The kernel runs it before every call; it can only look at the call's number and at the six
arguments as numbers, so what lies behind a path is Landlock's to judge (edge/workers/landlock.py).
Without Landlock no path is opened at all.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

from edge.workers.calls import NEWEST, Machine

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
