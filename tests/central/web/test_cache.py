"""Values that are made again only after a while."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from central.web.cache import TimedCache


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1_000.0]
    monkeypatch.setattr("central.web.cache.time.monotonic", lambda: now[0])

    def pass_time(seconds: float) -> None:
        now[0] += seconds

    return pass_time


def test_a_value_is_made_again_once_it_is_too_old(pass_time: Callable[[float], None]) -> None:
    cache, values = TimedCache[str, int](5.0), iter(range(9))
    assert [cache.get("a", lambda: next(values)) for _ in range(3)] == [0, 0, 0]
    pass_time(5.0)
    assert cache.get("a", lambda: next(values)) == 0
    pass_time(0.1)
    assert cache.get("a", lambda: next(values)) == 1
    cache.clear()
    assert cache.get("a", lambda: next(values)) == 2


def test_what_fails_is_not_kept() -> None:
    cache = TimedCache[str, int](5.0)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 7) == 7


def test_what_was_made_longest_ago_goes_first() -> None:
    cache, made = TimedCache[int, int](5.0, most=2), list[int]()

    def make(key: int) -> int:
        made.append(key)
        return key

    for key in (1, 2, 3, 2, 1):
        assert cache.get(key, lambda key=key: make(key)) == key  # type: ignore[misc]
    assert made == [1, 2, 3, 1]


def test_many_at_once_have_a_value_made_once_and_wait_for_no_other() -> None:
    cache, made = TimedCache[str, int](60.0), list[int]()
    together, may_end = Barrier(4), Event()

    def make() -> int:
        may_end.wait(30)
        made.append(1)
        return 1

    def ask() -> int:
        together.wait(30)
        return cache.get("slow", make)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(3)]
        together.wait(30)
        assert cache.get("quick", lambda: 2) == 2
        may_end.set()
        assert [one.result(30) for one in asked] == [1, 1, 1]
    assert made == [1]
