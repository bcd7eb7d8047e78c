"""What is counted of browsers stays small, and each counts by itself."""

import pytest
from starlette.exceptions import HTTPException

from central.config import Console
from central.telemetry import Telemetry
from central.web import rate_limit
from central.web.rate_limit import RequestLimiter


class Clock:
    """Stands until told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _limits(clock: Clock) -> RequestLimiter:
    settings = Console(sign_ins_per_minute=4, tries_per_minute=2, requests_per_minute=60)
    return RequestLimiter(settings, Telemetry("test"), clock)


def _is_refused(limited: RequestLimiter, address: str, login: str) -> str:
    try:
        limited.sign_in(address, login)
    except HTTPException as error:
        return str((error.headers or {})["Retry-After"]) if error.status_code == 429 else "?"
    return ""


def test_a_login_and_an_address_have_each_their_measure() -> None:
    limited = _limits(Clock())

    assert [_is_refused(limited, "a", "Anne") for _ in range(2)] == ["", ""]
    assert _is_refused(limited, "a", "anne") == "30", "however it is written"
    assert _is_refused(limited, "b", "anne") == "", "its owner is elsewhere"
    assert _is_refused(limited, "a", "paul") == ""
    assert _is_refused(limited, "a", "x") == "15", "of any login"


def test_waiting_as_long_as_told_lets_in_again() -> None:
    clock = Clock()
    limited = _limits(clock)
    for _ in range(2):
        _is_refused(limited, "a", "anne")
    clock.now = float(_is_refused(limited, "a", "anne"))

    assert _is_refused(limited, "a", "anne") == ""


def test_a_flood_of_names_fills_no_memory_and_the_newest_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "_MOST_REMEMBERED", 50)
    limited = _limits(Clock())
    for number in range(1_000):
        _is_refused(limited, f"address {number}", f"login {number}")

    assert len(limited._buckets) <= 50
    _is_refused(limited, "address 999", "login 999")
    assert _is_refused(limited, "address 999", "login 999") == "30"
