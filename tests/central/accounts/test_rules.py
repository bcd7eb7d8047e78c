"""What is decided at the door, without a door: pauses, rates, passwords, codes."""

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.accounts.rules import (
    ALL,
    EVERYTHING,
    LockPolicy,
    Person,
    RateLimit,
    Reach,
    Scope,
    TokenBucket,
    is_login,
    password_problem,
    pause_after,
    take_token,
)
from central.sign_in.credentials import grouped_secret, new_secret, qr_code, step_of

_POLICY = LockPolicy(after=5, first_s=30.0, longest_s=900.0)
_MINUTE = RateLimit(per_minute=60.0, burst=3.0)
_AT = 1_800_000_015.0


def test_the_pause_begins_after_some_failures_and_doubles_to_its_limit() -> None:
    pauses = [pause_after(_POLICY, failures) for failures in range(4, 12)]

    assert pauses == [0.0, 30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_a_pause_never_shrinks_with_more_failures(failures: int) -> None:
    assert pause_after(_POLICY, failures) <= pause_after(_POLICY, failures + 1) <= 900.0


def test_a_bucket_lets_a_burst_in_and_then_says_how_long_to_wait() -> None:
    bucket: TokenBucket | None = None
    waits = []
    for _ in range(4):
        bucket, wait = take_token(_MINUTE, bucket, 100.0)
        waits.append(wait)

    assert waits == [0.0, 0.0, 0.0, 1.0]
    assert take_token(_MINUTE, bucket, 101.0)[1] == 0.0
    assert take_token(_MINUTE, bucket, 100.5)[1] == pytest.approx(0.5)


@settings(deadline=None)
@given(st.lists(st.floats(0, 50), max_size=60))
def test_no_rhythm_gets_more_in_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    bucket, now, let_in = None, 0.0, 0
    for pause in pauses:
        now += pause
        bucket, wait = take_token(_MINUTE, bucket, now)
        let_in += wait == 0.0
    assert let_in <= 3 + now * 1.0 + 1e-6


def test_waiting_as_long_as_told_is_enough() -> None:
    bucket, now = None, 7.0
    for _ in range(20):
        bucket, wait = take_token(_MINUTE, bucket, now)
        if wait:
            now += wait + 1e-9
            bucket, wait = take_token(_MINUTE, bucket, now)
        assert wait == 0.0


@pytest.mark.parametrize(
    ("password", "old"),
    [
        ("court", ""),
        ("onze caract", ""),
        ("paulinedupont", ""),
        ("PaulineDupont", ""),
        ("aaaaaaaaaaaaaaaa", ""),
        ("abababababab", ""),
        ("e\u0301te\u0301 comme hiver", "été comme hiver"),
        ("x" * 500 + "yzabc" * 200, ""),
    ],
)
def test_passwords_that_will_not_do(password: str, old: str) -> None:
    assert password_problem(password, "paulinedupont", old).endswith(".")


def test_a_sentence_is_a_password() -> None:
    assert password_problem("quatre mots et un café", "pauline", "un autre d'avant") == ""


@pytest.mark.parametrize("login", ["anne", "a.b-c_d@e+f", "9lives"])
def test_logins(login: str) -> None:
    assert is_login(login)


@pytest.mark.parametrize("login", ["", "a", "Anne", "été", "a b", "-anne", "a\n", "a" * 101])
def test_what_is_no_login(login: str) -> None:
    assert not is_login(login)


def test_codes_of_the_neighbouring_steps_are_taken_and_no_others() -> None:
    secret = new_secret()
    codes = [pyotp.TOTP(secret).at(int(_AT) + 30 * step) for step in range(-3, 4)]
    now = int(_AT) // 30

    steps = [step_of(secret, code, _AT) for code in codes]

    assert steps[2:5] == [now - 1, now, now + 1]
    assert set(codes) & set(codes[2:5]) or steps[0] is None
    for code, step in zip(codes, steps, strict=True):
        assert step is None or pyotp.TOTP(secret).generate_otp(step) == code


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "\x00"]
)
def test_what_is_no_code_is_of_no_step(code: str) -> None:
    assert step_of(new_secret(), code, _AT) is None


def test_a_code_may_be_typed_in_groups() -> None:
    secret = new_secret()
    code = pyotp.TOTP(secret).at(int(_AT))

    assert step_of(secret, f" {code[:3]} {code[3:]} ", _AT) == int(_AT) // 30


def test_the_picture_is_an_image_without_styles_or_scripts() -> None:
    svg = qr_code(new_secret(), "anne").decode()

    assert "<svg" in svg
    for word in ("style", "script", "class=", "onload"):
        assert word not in svg
    assert grouped_secret("ABCDEFGH") == "ABCD EFGH"


@pytest.mark.parametrize("nothing", [frozenset[str](), Reach()])
def test_a_scope_that_names_nothing_sees_nothing(nothing: frozenset[str]) -> None:
    assert not Scope(nothing, frozenset({ALL})).may_see("gien", "Prestations")
    assert not Scope(frozenset({ALL}), nothing).may_see("gien", "Prestations")
    assert not Scope(nothing, nothing).may_see_site("gien")


def test_everything_is_seen_only_where_it_is_said() -> None:
    assert EVERYTHING.may_see("gien", "Prestations")
    assert not EVERYTHING.is_limited
    assert Person(1, "x", "X", frozenset()).scope.is_limited
