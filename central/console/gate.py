"""Passwords and one-time codes are tried here, and here alone: every failure counts."""

import time

from central.config import Console
from central.console import second_factor
from central.console.limits import Limits
from central.console.passwords import Passwords
from central.domain.lockout import LockPolicy
from central.events import Events
from central.store import accounts
from central.store.accounts import Account
from central.store.engine import Engine


class Gate:
    """See the module.

    Args:
        engine: The database.
        settings: How many failures suspend an account, and for how long.
        limits: How often may be tried.
        events: Told how tries end.
    """

    def __init__(self, engine: Engine, settings: Console, limits: Limits, events: Events) -> None:
        self._engine, self._limits, self._events = engine, limits, events
        self._policy = LockPolicy(
            settings.lock_after, settings.lock_first_s, settings.lock_longest_s
        )
        self.passwords = Passwords()

    def password(self, login: str, password: str, address: str) -> Account | None:
        """The account that this password opens; None for whatever does not fit.

        An account that rests, is closed, has no password or is none at all costs the same and
        gets the same answer.

        Raises:
            HTTPException: 429; tried too often.
            StoreUnavailable: the database does not answer.
        """
        self._limits.sign_in(address, login)
        found = accounts.find(self._engine, login)
        kept = found.password_hash if found is not None and found.is_active else None
        if not self.passwords.fits(kept, password) or found is None or found.is_locked:
            self._failed(login, "password", address)
            return None
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
        if account.is_active and not account.is_locked and account.totp_secret is not None:
            step = second_factor.step_of(account.totp_secret, code, time.time())
            if step is not None and accounts.use_code(self._engine, account.id, step):
                return True
        self._failed(account.login, "code", address)
        return False

    def _failed(self, login: str, what: str, address: str) -> None:
        accounts.failed(self._engine, login, self._policy, what, address)
        self._events.sign_in("local", f"wrong_{what}")
