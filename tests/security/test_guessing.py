"""Who guesses passwords waits; whose account it is does not, and no crowd of tries helps."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role, password_problem
from central.addresses import limited_address
from central.sign_in.credentials import Passwords
from tests.support.console import PASSWORD, add_person, serving, settings

_GUESSER, _OWNER = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    """Three failures suspend; tests say by a proxy's header where they come from."""
    add_person(engine, "anne", Role.KEYER)
    made = settings(tmp_path)
    told = {
        "lock_after": 3,
        "lock_first_s": 900.0,  # so many tries take longer than the default on a busy machine
        "trusted_proxies": ("127.0.0.1",),
        "tries_per_minute": 1_000,
    }
    config = made.model_copy(update={"console": made.console.model_copy(update=told)})
    with serving(config, engine) as client:
        yield client


def _try(client: httpx.Client, password: str, address: str) -> int:
    told = {"login": "anne", "password": password}
    return httpx.post(
        f"{client.base_url}/connexion".replace("//connexion", "/connexion"),
        data=told,
        headers={"x-forwarded-for": address},
        timeout=60,
    ).status_code


def test_many_tries_at_once_are_no_more_than_one_after_the_other(
    console: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, lock, fits = [0], threading.Lock(), Passwords.fits

    def counting(self: Passwords, kept: str | None, password: str) -> bool:
        with lock:
            looked[0] += kept is not None
        return fits(self, kept, password)

    monkeypatch.setattr(Passwords, "fits", counting)
    with ThreadPoolExecutor(25) as several:
        answers = list(several.map(lambda n: _try(console, f"wrong {n}", _GUESSER), range(25)))
    assert set(answers) == {401}
    assert looked[0] <= 3, "so many were compared with the password"
    assert _try(console, PASSWORD, _GUESSER) == 401, "the right one, too soon"


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(console: httpx.Client) -> None:
    for _ in range(6):
        assert _try(console, "wrong", _GUESSER) == 401
    assert _try(console, PASSWORD, _OWNER) == 303
    assert _try(console, PASSWORD, _GUESSER) == 401


def test_a_guesser_is_known_by_the_network_whose_addresses_are_theirs_to_choose(
    console: httpx.Client,
) -> None:
    """Whoever has one IPv6 line has 2**64 addresses."""
    for n in range(6):
        assert _try(console, "wrong", f"2001:db8:1:2::{n:x}") == 401
    assert _try(console, PASSWORD, "2001:db8:1:2:ffff::1") == 401
    assert _try(console, PASSWORD, "2001:db8:1:3::1") == 303


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("", ""), ("odd", "odd"),
        ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("::1", "::/64"),
    ],
)  # fmt: skip
def test_who_counts_as_one(address: str, wanted: str) -> None:
    assert limited_address(address) == wanted


def test_the_owner_is_not_throttled_by_who_uses_their_login(
    engine: sa.Engine, tmp_path: Path
) -> None:
    add_person(engine, "anne", Role.KEYER)
    made = settings(tmp_path)
    told = {"trusted_proxies": ("127.0.0.1",), "tries_per_minute": 3}
    config = made.model_copy(update={"console": made.console.model_copy(update=told)})
    with serving(config, engine) as client:
        assert [_try(client, "wrong", _GUESSER) for _ in range(4)][-1] == 429
        assert _try(client, PASSWORD, _OWNER) == 303


@pytest.mark.parametrize(
    "password",
    [
        "motdepasse123", "MotDePasse2026!", "Azertyuiop123", "azertyuiop12!", "Password1234!",
        "P@ssw0rd2026!", "123456789012", "1234567890azerty", "qwertyuiop123!", "Bonjour2026!!",
        "abcdefghijkl", "Novembre2026!!", "anne.durand2026", "Vaguemestre2026", "cpam45-2026!!",
        "securitesociale", "SoleilSoleil1!", "aaaabbbbcccc", "M0td3p4ss3!2026",
    ],
)  # fmt: skip
def test_a_password_that_everybody_tries_is_refused(password: str) -> None:
    assert password_problem(password, "anne.durand")


@pytest.mark.parametrize(
    "password",
    [
        "un mot de passe de test", "un tout autre mot de passe", "provisoire et long",
        "cheval agrafe pile correct", "xK9#mQ2$vL7!", "demo-numeriseur", "le chat dort au salon",
    ],
)  # fmt: skip
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    assert password_problem(password, "anne.durand") == ""
