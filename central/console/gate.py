"""Passwords and one-time codes are tried here, and here alone: every failure counts."""

import time

from central.config import Console
from central.console import second_factor
from central.console.limits import Limits
from central.console.passwords import Passwords
from central.domain.lockout import LockPolicy
from central.events import Events
from central.sealing import MARK, Seal
from central.store import accounts, tries
from central.store.accounts import Account
from central.store.engine import Engine


def secret_of(person_id: int) -> str:
    """What somebody's secret is sealed for."""
    return f"totp {person_id}"


def seal_old_secrets(engine: Engine, seal: Seal) -> int:
    """Seal what 0.3.0 wrote in clear; returns how many secrets.

    Raises:
        StoreUnavailable: the rest is sealed at the next start.
    """
    found = accounts.unsealed_secrets(engine, MARK) if seal else {}
    for person_id, secret in found.items():
        sealed = seal.close(secret, secret_of(person_id))
        accounts.seal_secret(engine, person_id, secret, sealed)
    return len(found)


class Gate:
    """See the module.

    Args:
        engine: The database.
        settings: How many failures suspend an account, and for how long.
        limits: How often may be tried.
        events: Told how tries end.
        seal: Opens the secrets of one-time codes.
    """

    def __init__(
        self, engine: Engine, settings: Console, limits: Limits, events: Events, seal: Seal
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
        may_try = tries.begin(self._engine, login, address, self._policy)
        found = accounts.find(self._engine, login)
        kept = found.password_hash if found is not None and found.is_active else None
        if not self.passwords.fits(kept if may_try else None, password) or found is None:
            self._failed(login, "password", address)
            return None
        if found.totp_secret is None:
            tries.succeeded(self._engine, login, address)
        else:  # the code is still to come, and its failures count on
            tries.take_back(self._engine, login, address)
        if kept is not None and self.passwords.is_stale(kept):
            accounts.rehash(self._engine, found.id, kept, self.passwords.hash(password))
        return found

    def code(self, account: Account, code: str, address: str) -> bool:
        """Whether this is the account's code of the moment; it is good once.

        Raises:
            HTTPException: 429; tried too often.
            StoreUnavailable: the database does not answer.
        """
        self._limits.sign_in(address, account.login)
        may_try = tries.begin(self._engine, account.login, address, self._policy)
        kept = account.totp_secret
        secret = None if kept is None else self._seal.open(kept, secret_of(account.id))
        if account.is_active and may_try and secret is not None:
            step = second_factor.step_of(secret, code, time.time())
            if step is not None and accounts.use_code(self._engine, account.id, step):
                tries.succeeded(self._engine, account.login, address)
                return True
        self._failed(account.login, "code", address)
        return False

    def _failed(self, login: str, what: str, address: str) -> None:
        tries.failed(self._engine, login, what, address)
        self._events.sign_in("local", f"wrong_{what}")
