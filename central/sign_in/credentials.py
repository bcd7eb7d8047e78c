"""Passwords and one-time codes: how they are stored and checked. Every failure counts.

Passwords are hashed with argon2id; an unknown login costs as much time as a known one. One-time
codes are TOTP (RFC 6238), their secrets sealed. ``CredentialCheck`` is the only place where either
is tried.
"""

import hmac
import io
import threading
import time

import pyotp
import segno
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central.accounts import store as accounts_store
from central.accounts.rules import LockPolicy, normalise_password
from central.accounts.store import Account
from central.config import Console
from central.db.engine import Engine
from central.sealing import MARK, Seal
from central.telemetry import Telemetry
from central.web.rate_limit import RequestLimiter

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
            return self._hasher.hash(normalise_password(password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed; as slow for an account without any."""
        try:
            with self._places:
                self._hasher.verify(kept or self._nobodys, normalise_password(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_stale(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


_ISSUER = "Vaguemestre"
_STEP_S = 30
_DRIFT_STEPS = 1
"""A telephone's clock may be off by that much either way."""


def new_secret() -> str:
    """A secret of 160 bits, in base32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, at: float) -> int | None:
    """The step whose code this is, around a moment; None: of none.

    Args:
        secret: In base32.
        code: As typed; spaces are left out.
        at: Seconds since 1970.
    """
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    now = int(at) // _STEP_S
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def qr_code(secret: str, login: str) -> bytes:
    """The QR code that an application scans, as SVG without styles or scripts."""
    address = pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=login, issuer_name=_ISSUER)
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue()


def grouped_secret(secret: str) -> str:
    """The secret in groups of four, for typing."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def secret_of(person_id: int) -> str:
    """What somebody's secret is sealed for."""
    return f"totp {person_id}"


def seal_old_secrets(engine: Engine, seal: Seal) -> int:
    """Seal what 0.3.0 wrote in clear; returns how many secrets.

    Raises:
        StoreUnavailable: the rest is sealed at the next start.
    """
    found = accounts_store.unsealed_secrets(engine, MARK) if seal else {}
    for person_id, secret in found.items():
        sealed = seal.close(secret, secret_of(person_id))
        accounts_store.seal_secret(engine, person_id, secret, sealed)
    return len(found)


class CredentialCheck:
    """See the module.

    Args:
        engine: The database.
        settings: How many failures suspend an account, and for how long.
        limits: How often may be tried.
        events: Told how tries end.
        seal: Opens the secrets of one-time codes.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Console,
        limits: RequestLimiter,
        events: Telemetry,
        seal: Seal,
    ) -> None:
        self._engine, self._limits, self._events, self._seal = engine, limits, events, seal
        self._policy = LockPolicy(
            settings.lock_after, settings.lock_first_s, settings.lock_longest_s
        )
        self.passwords = Passwords()

    def password(self, login: str, password: str, address: str) -> Account | None:
        """The account that this password opens; None for whatever does not fit.

        Who guesses from this address has to wait; an account that is closed, has no password or
        is none at all costs the same and gets the same answer. A try counts before the password is
        looked at: however many come at once, only so many are looked at.

        Raises:
            HTTPException: 429; tried too often.
            StoreUnavailable: the database does not answer.
        """
        self._limits.sign_in(address, login)
        may_try = accounts_store.begin(self._engine, login, address, self._policy)
        found = accounts_store.find_account(self._engine, login)
        kept = found.password_hash if found is not None and found.is_active else None
        if not self.passwords.fits(kept if may_try else None, password) or found is None:
            self._failed(login, "password", address)
            return None
        if found.totp_secret is None:
            accounts_store.succeeded(self._engine, login, address)
        else:  # the code is still to come, and its failures count on
            accounts_store.take_back(self._engine, login, address)
        if kept is not None and self.passwords.is_stale(kept):
            accounts_store.replace_hash(self._engine, found.id, kept, self.passwords.hash(password))
        return found

    def code(self, account: Account, code: str, address: str) -> bool:
        """Whether this is the account's code of the moment; it is good once.

        Raises:
            HTTPException: 429; tried too often.
            StoreUnavailable: the database does not answer.
        """
        self._limits.sign_in(address, account.login)
        may_try = accounts_store.begin(self._engine, account.login, address, self._policy)
        kept = account.totp_secret
        secret = None if kept is None else self._seal.open(kept, secret_of(account.id))
        if account.is_active and may_try and secret is not None:
            step = step_of(secret, code, time.time())
            if step is not None and accounts_store.use_code(self._engine, account.id, step):
                accounts_store.succeeded(self._engine, account.login, address)
                return True
        self._failed(account.login, "code", address)
        return False

    def _failed(self, login: str, what: str, address: str) -> None:
        accounts_store.failed(self._engine, login, what, address)
        self._events.sign_in("local", f"wrong_{what}")
