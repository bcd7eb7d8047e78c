"""What a rendering process gives up once it is loaded: memory, files, programs, connections.

The same means as a station's reading processes (edge/pipeline/workers/confinement.py), without
their choices: here a part that the kernel does not know is left out, for a centre that shows no
page at all because of its kernel would stop people's work; docs/decisions/0026 says what is left
then. The two sides share no code.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct

_MEMORY_BYTES = 1_500_000_000
_OPEN_FILES = 64
_SET_DUMPABLE, _SET_NO_NEW_PRIVS, _DROP_FROM_BOUNDING = 4, 38, 24
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION_3 = 0x20080522
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # acts on files that a generation can take; later: 16
_READ = 1 << 2 | 1 << 3
_FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts")
"""Where PDFium looks for fonts that a PDF names and does not hold."""
_WRITES = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | (os.O_TMPFILE & ~os.O_DIRECTORY)
_X32 = 0x40000000
_X86_64 = (
    0xC000003E, 317, 257,
    # read write close stat fstat lstat poll lseek mmap mprotect munmap brk
    (0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    # rt_sigaction rt_sigprocmask rt_sigreturn pread64 readv writev access sched_yield mremap
     13, 14, 15, 17, 19, 20, 21, 24, 25,
    # madvise dup nanosleep getpid recvfrom recvmsg exit getcwd readlink gettimeofday getrusage
     28, 32, 35, 39, 45, 47, 60, 79, 89, 96, 98,
    # sysinfo getuid geteuid sigaltstack gettid time futex sched_getaffinity getdents64
     99, 102, 107, 131, 186, 201, 202, 204, 217,
    # restart_syscall clock_gettime clock_getres clock_nanosleep exit_group newfstatat readlinkat
     219, 228, 229, 230, 231, 262, 267,
    # faccessat getcpu getrandom membarrier statx rseq faccessat2 setitimer, and sendto to its owner
     269, 309, 318, 324, 332, 334, 439, 38, 44,
    # ftruncate, of a file that it was handed to write
     77),
)  # fmt: skip
_AARCH64 = (
    0xC00000B7, 277, 56,
    # read write readv writev pread64 close fstat newfstatat lseek mmap mprotect munmap brk
    (63, 64, 65, 66, 67, 57, 80, 79, 62, 222, 226, 215, 214,
    # rt_sigaction rt_sigprocmask rt_sigreturn faccessat sched_yield mremap madvise dup nanosleep
     134, 135, 139, 48, 124, 216, 233, 23, 101,
    # getpid recvfrom recvmsg exit getcwd readlinkat gettimeofday getrusage sysinfo getuid geteuid
     172, 207, 212, 93, 17, 78, 169, 165, 179, 174, 175,
    # sigaltstack gettid futex sched_getaffinity getdents64 restart_syscall clock_gettime
     132, 178, 98, 123, 61, 128, 113,
    # clock_getres clock_nanosleep exit_group getcpu getrandom membarrier statx rseq faccessat2
     114, 115, 94, 168, 278, 283, 291, 293, 439,
    # ppoll setitimer, sendto to its owner, and ftruncate of a file that it was handed to write
     73, 103, 206, 46),
)  # fmt: skip
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64}
"""The filter's number of the processor, of ``seccomp``, of ``openat``, of calls that are kept."""


def lock(*, file_bytes: int = 0, open_files: int = _OPEN_FILES) -> None:
    """Give up all that rendering does not need, for good; call it with one thread only.

    Args:
        file_bytes: How large a file that it is handed may grow.
        open_files: Most files at a time.
    """
    _prctl(_SET_DUMPABLE, 0)
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_NPROC, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    _prctl(_SET_NO_NEW_PRIVS, 1)
    can_judge_paths = _restrict_paths()
    _drop_capabilities()
    _filter_calls(can_open=can_judge_paths)


def _restrict_paths() -> bool:
    """Leave only fonts to be read by their path; False: the kernel cannot (Landlock)."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))
    if version < 1:
        return False
    told = struct.pack("=Q", (1 << _FILE_BITS.get(version, 16)) - 1)
    rules = libc.syscall(_LANDLOCK_CREATE, told, ctypes.c_size_t(len(told)), 0)
    if rules < 0:
        return False
    for path in _FONTS:
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            libc.syscall(_LANDLOCK_ADD, rules, 1, struct.pack("=Qi", _READ, fd), 0)
            os.close(fd)
    is_done = libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0
    os.close(rules)
    return bool(is_done)


def _filter_calls(*, can_open: bool) -> None:
    """Keep the calls of the list, for good (seccomp); all others answer "not permitted"."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return
    audit, seccomp, openat, kept = machine
    load, equal, at_least, bits, back = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
    steps = [
        (load, 0, 0, 4), (equal, 1, 0, audit), (back, 0, 0, kill),
        (load, 0, 0, 0), (at_least, 0, 1, _X32), (back, 0, 0, kill),
    ]  # fmt: skip
    for number in kept:
        steps += [(equal, 0, 1, number), (back, 0, 0, allow)]
    if can_open:  # of flags that write, none
        steps += [(equal, 0, 4, openat), (load, 0, 0, 32), (bits, 0, 1, _WRITES)]
        steps += [(back, 0, 0, refuse), (back, 0, 0, allow)]
    steps.append((back, 0, 0, refuse))
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    memory = ctypes.create_string_buffer(code, len(code))
    told = struct.pack("=HxxxxxxQ", len(steps), ctypes.addressof(memory))
    ctypes.CDLL(None, use_errno=True).syscall(seccomp, 1, 0, told)


def _drop_capabilities() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        _prctl(_DROP_FROM_BOUNDING, capability)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    ctypes.CDLL(None).capset(header, struct.pack("=6I", *[0] * 6))


def _prctl(option: int, argument: int) -> None:
    ctypes.CDLL(None).prctl(option, *(ctypes.c_ulong(n) for n in (argument, 0, 0, 0)))
