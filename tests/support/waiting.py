"""Waiting for what other threads and processes do: for a condition, with a deadline."""

import time
from collections.abc import Callable

PATIENCE_S = 120.0
_LOOK_EVERY_S = 0.02

Errors = type[Exception] | tuple[type[Exception], ...]


def comes_true(
    condition: Callable[[], bool],
    within_s: float = PATIENCE_S,
    passing: Errors = (),
) -> bool:
    """Whether something comes true in time.

    Args:
        condition: Asked again and again.
        within_s: Seconds from now.
        passing: Errors of the condition that mean "not yet".
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            if condition():
                return True
        except passing:
            pass
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_EVERY_S)


def wait_until(
    condition: Callable[[], bool],
    what: Callable[[], str] | str = "waited in vain",
    *,
    within_s: float = PATIENCE_S,
    passing: Errors = (),
) -> None:
    """Wait for something to come true.

    Args:
        condition: Asked again and again.
        what: Told, or asked for what to tell, when it did not.
        within_s: Seconds from now.
        passing: Errors of the condition that mean "not yet".

    Raises:
        AssertionError: it did not come true in time.
    """
    is_true = comes_true(condition, within_s, passing)
    assert is_true, what if isinstance(what, str) else what()
