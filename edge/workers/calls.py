"""The system calls that a reading process keeps, and their numbers on each processor.

All others answer "not permitted". The list is what the C library, Python, NumPy, OpenCV,
onnxruntime, PDFium and zxing use once everything is loaded. No call of it makes a socket or a
process, signals another one, changes an owner, a mode or a name, or runs a program.
"""

from collections.abc import Mapping
from dataclasses import dataclass


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
