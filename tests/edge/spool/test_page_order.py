"""The order of a lot's files: total, the same from any listing, and as people count."""

import itertools
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from edge.spool.page_order import Arrangement, WrittenFile, arrange, natural
from edge.spool.rules import lot_key, normal

SECOND = 1_000_000_000
_PIECES = st.sampled_from(
    [
        *("Scan", "scan", "Numérisation", "Nume\u0301risation", "IMG_", " ", "-", "_", " (2)"),
        *("0", "1", "01", "001", "9", "10", "9999", "(", ")", ".", ".jpg", ".TIF", "\udce9", "²"),
    ]
)
NAMES = st.lists(_PIECES, min_size=1, max_size=5).map("".join)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
FRENCH = st.text("abcéèàçôîœxyz _-", min_size=1, max_size=8)
STEMS = st.text(st.characters(categories=["L", "Zs"]), min_size=1, max_size=8)


def _ordered(names: list[str], times: list[int] | None = None) -> list[str]:
    files = [
        WrittenFile(("LOT", n), t) for n, t in zip(names, times or [0] * len(names), strict=True)
    ]
    return [names[place] for place in arrange(files).order]


@given(st.lists(PATHS, min_size=2, max_size=6, unique=True))
def test_different_names_have_different_places(paths: list[tuple[str, ...]]) -> None:
    keys = [natural(path) for path in paths]
    assert len(set(keys)) == len(paths)
    backwards = paths[::-1]
    assert sorted(paths, key=natural) == sorted(backwards, key=natural)


@given(st.lists(st.tuples(PATHS, st.integers(0, 5)), max_size=8, unique_by=lambda f: f[0]))
def test_the_order_is_the_same_from_any_listing(files: list[tuple[tuple[str, ...], int]]) -> None:
    written = [WrittenFile(*file) for file in files]
    backwards = written[::-1]
    one, other = arrange(written), arrange(backwards)
    assert [written[i] for i in one.order] == [backwards[i] for i in other.order]
    assert {written[i] for i in one.unsure} == {backwards[i] for i in other.unsure}
    assert sorted(one.order) == list(range(len(files)))


@given(STEMS, st.lists(st.integers(0, 10**6), min_size=1, max_size=9, unique=True), st.data())
def test_numbers_are_counted_whatever_stands_around_them(
    stem: str, numbers: list[int], data: st.DataObject
) -> None:
    before, after = data.draw(st.sampled_from([("", ""), (" ", ""), ("_", "a"), (" (", ")")]))
    names = [f"{stem}{before}{number}{after}.jpg" for number in numbers]
    assert _ordered(names) == [names[numbers.index(number)] for number in sorted(numbers)]


@given(STEMS, st.integers(2, 12), st.sampled_from([" ({})", " {}", "-{}", "_{}"]), st.data())
def test_a_bare_name_comes_before_its_numbered_ones(
    stem: str, count: int, form: str, data: st.DataObject
) -> None:
    series = [f"{stem}.jpg", *(f"{stem}{form.format(n)}.jpg" for n in range(1, count))]
    assert _ordered(data.draw(st.permutations(series))) == series


@given(FRENCH, st.integers(3, 9), st.data())
def test_case_and_spelling_of_accents_do_not_move_a_page(
    stem: str, count: int, data: st.DataObject
) -> None:
    spell = st.sampled_from([str.upper, str.lower, _nfd, _nfc])
    names = [f"{stem}é {n}.jpg" for n in range(1, count)]
    odd = [data.draw(spell)(name) for name in names]
    assert [lot_key(n) for n in _ordered(data.draw(st.permutations(odd)))] == [
        lot_key(name) for name in names
    ]


def _nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


@given(st.text(max_size=20))
def test_a_name_is_folded_once_and_for_all(name: str) -> None:
    assert normal(normal(name)) == normal(name)
    assert lot_key(_nfd(name)) == lot_key(_nfc(name))


_COUNTERS = st.tuples(st.integers(2, 6), st.integers(1, 3), st.integers(1, 3))


def _wrapped(width: int, before: int, after: int) -> list[str]:
    end = 10**width
    numbers = [*range(end - before, end), *range(1, after + 1)]
    return [f"IMG_{number:0{width}}.jpg" for number in numbers]


@given(_COUNTERS, st.data())
def test_a_counter_that_ran_over_its_end_is_followed_as_it_was_written(
    counter: tuple[int, int, int], data: st.DataObject
) -> None:
    written = _wrapped(*counter)
    steps = data.draw(st.lists(st.integers(1, 5), min_size=len(written), max_size=len(written)))
    times = dict(zip(written, itertools.accumulate(steps), strict=True))
    names = data.draw(st.permutations(written))
    files = [WrittenFile(("LOT", name), times[name] * SECOND) for name in names]
    found = arrange(files)
    assert [names[place] for place in found.order] == written
    assert found.unsure == frozenset()


@given(_COUNTERS, st.data())
def test_times_that_do_not_confirm_it_leave_the_order_to_names_and_the_files_unsure(
    counter: tuple[int, int, int], data: st.DataObject
) -> None:
    names = _wrapped(*counter)
    times = data.draw(st.lists(st.integers(0, 3), min_size=len(names), max_size=len(names)))
    by_name = times[counter[1] :] + times[: counter[1]]
    is_confirmed = sorted(times) == times and by_name != sorted(by_name)
    found = arrange([WrittenFile(("LOT", n), t) for n, t in zip(names, times, strict=True)])
    in_order = [names[place] for place in found.order]
    assert in_order == (names if is_confirmed else sorted(names))
    assert found.unsure == frozenset(() if is_confirmed else range(len(names)))


@given(st.lists(st.integers(0, 9_999), min_size=2, max_size=30, unique=True), st.data())
def test_a_counter_that_did_not_run_over_is_never_turned(
    numbers: list[int], data: st.DataObject
) -> None:
    numbers = [n for n in numbers if 12 <= n <= 9_985] or [50]
    times = data.draw(st.lists(st.integers(0, 9), min_size=len(numbers), max_size=len(numbers)))
    names = [f"IMG_{n:04}.jpg" for n in numbers]
    found = arrange([WrittenFile(("LOT", n), t) for n, t in zip(names, times, strict=True)])
    assert [names[place] for place in found.order] == sorted(names)
    assert found.unsure == frozenset()


def test_what_belongs_to_a_wrapped_number_goes_with_it() -> None:
    names = ["IMG_9999.jpg", "IMG_9999 (2).jpg", "IMG_0001.jpg", "IMG_0001 (2).jpg"]
    assert _ordered(names[::-1], [4, 3, 2, 1]) == names


def test_numbered_directories_that_wrap_are_followed_too() -> None:
    paths = [("B1", "99999999", "1.jpg"), ("B1", "00000001", "1.jpg"), ("B1", "00000001", "2.jpg")]
    files = [WrittenFile(path, time) for time, path in enumerate(paths)]
    assert arrange(files[::-1]) == Arrangement((2, 1, 0))
