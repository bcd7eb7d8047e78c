"""Pages a minute, as heartbeats tell it."""

from edge.pipeline.workers.progress import WINDOW_S, ReadingRate


def test_a_station_that_reads_nothing_has_no_pace() -> None:
    assert ReadingRate().per_minute(1_000.0) == 0.0


def test_a_steady_station_tells_its_pace() -> None:
    pace = ReadingRate()
    for second in range(600):
        pace.page(float(second))
    assert 59.0 < pace.per_minute(600.0) < 61.5


def test_a_burst_is_not_made_an_hour_of() -> None:
    pace = ReadingRate()
    for _ in range(10):
        pace.page(0.0)
    assert pace.per_minute(1.0) == 10.0


def test_what_is_long_past_counts_no_more() -> None:
    pace = ReadingRate()
    pace.page(0.0)
    assert pace.per_minute(WINDOW_S + 1.0) == 0.0
