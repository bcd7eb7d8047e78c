"""Become an unprivileged user that ends with its parent, then run a program.

Run as a script of its own (``python -I -S confine.py …``), because a fork in a process with
threads may run no Python, and because the order matters: the kernel forgets the parent's-death
signal when the user changes, so it is asked for last. Only the standard library is used.

A folder under root's home cannot be entered by another user. The program then keeps one
capability, that of passing through folders it could not enter otherwise; nothing else of root.
"""

import argparse
import ctypes
import os
import signal
import struct
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def _die_with_parent(parent: int, sign: signal.Signals) -> None:
    """Be sent ``sign`` when the thread that started this process ends; exit if it has."""
    _prctl(_PR_SET_PDEATHSIG, sign)
    if os.getppid() != parent:
        sys.exit(f"parent {parent} is gone")


def _prctl(option: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(int(value)) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _permitted() -> int:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - no imports to spare
        return next(int(line.split()[1], 16) for line in status if line.startswith("CapPrm:"))


def _keep_only(capability: int) -> None:
    """Hold one capability, also across execve, and no other."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    mask = 1 << capability
    sets = struct.pack("=6I", mask, mask, mask, 0, 0, 0)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _become(uid: int, gid: int, *, pass_folders: bool) -> None:
    held = _permitted()
    if pass_folders:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if pass_folders:
        enough = (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE)
        _keep_only(next((one for one in enough if held >> one & 1), _CAP_DAC_READ_SEARCH))


def main() -> None:
    """Parse, confine, exec."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, help="end with this process, by SIGINT")
    parser.add_argument("--user", type=int, nargs=2, metavar=("UID", "GID"))
    parser.add_argument("--pass-folders", action="store_true")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    wanted = parser.parse_args()
    if wanted.user:
        _become(*wanted.user, pass_folders=wanted.pass_folders)
    if wanted.parent:
        _die_with_parent(wanted.parent, signal.SIGINT)
    program = wanted.program[1:] if wanted.program[:1] == ["--"] else wanted.program
    os.execv(program[0], program)  # noqa: S606 - what our own code asked for


if __name__ == "__main__":
    main()
