"""Passwords, hashed with argon2id; what an unknown login costs is the same."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central.domain.password_rule import plain

_AT_ONCE = 4
"""One takes 64 MiB; more at a time would be a way to fill the memory."""


class Passwords:
    """Hashes and compares."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._nobodys = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._places:
            return self._hasher.hash(plain(password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed; as slow for an account without any."""
        try:
            with self._places:
                self._hasher.verify(kept or self._nobodys, plain(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_stale(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)
