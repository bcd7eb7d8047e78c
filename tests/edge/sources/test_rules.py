"""Stability, names, layouts, index files and twins: values in, values out."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import FileDenied, NotRegularFile, TooManyPages
from edge.sources.folder import grouping, kodak_index, readiness
from edge.sources.folder.grouping import (
    MAX_FILES,
    EntryKind,
    FileStat,
    FolderEntry,
    ImagePair,
    LotCandidate,
    group_entries,
)
from edge.sources.folder.kodak_index import Format, IndexUnreadable
from edge.sources.folder.readiness import ListingHistory, Readiness
from edge.spool.page_order import natural
from edge.spool.rules import Count, Unit

SEEN = FileStat(10, 1, 1)
GROWN = FileStat(20, 2, 1)
LOT = ("LOT1.tif",)


def _watch(*looks: tuple[float, FileStat]) -> ListingHistory:
    watched: dict[str, ListingHistory] = {}
    for now, sighting in looks:
        watched = readiness.update_history(watched, {"LOT1": {LOT: sighting}}, now)
    return watched["LOT1"]


def _judge(watched: ListingHistory, now: float, *, whole: bool = True) -> Readiness:
    return readiness.judge_readiness(watched, whole=whole, now=now, quiet_for=3, broken_after=60)


def test_s01_a_lot_that_stops_growing_settles_after_the_quiet_time() -> None:
    watched = _watch((0, SEEN), (2, GROWN), (4, GROWN))
    assert _judge(watched, 4.9) is Readiness.WRITING
    assert _judge(watched, 5) is Readiness.SETTLED


def test_s01_a_quiet_lot_that_is_not_whole_waits_and_is_given_up_in_the_end() -> None:
    watched = _watch((0, SEEN))
    assert _judge(watched, 10, whole=False) is Readiness.BROKEN
    assert _judge(watched, 60, whole=False) is Readiness.GIVEN_UP


def test_s01_a_new_file_makes_the_whole_lot_wait_again() -> None:
    watched = readiness.update_history({}, {"LOT": {("LOT", "1"): SEEN}}, 0)
    watched = readiness.update_history(
        watched, {"LOT": {("LOT", "1"): SEEN, ("LOT", "2"): SEEN}}, 10
    )
    assert _judge(watched["LOT"], 12) is Readiness.WRITING


def test_s01_a_clock_that_goes_back_makes_everything_wait_again() -> None:
    watched = _watch((1_000, SEEN), (10, SEEN))
    assert _judge(watched, 12) is Readiness.WRITING
    assert _judge(watched, 13) is Readiness.SETTLED


def test_s01_a_lot_that_went_away_is_forgotten() -> None:
    watched = readiness.update_history({"LOT1": ListingHistory({LOT: SEEN}, 0)}, {}, 1)
    assert watched == {}


@given(st.lists(st.tuples(st.floats(0.01, 5), st.booleans()), min_size=1))
def test_s01_no_lot_settles_within_the_quiet_time_of_a_change(
    looks: list[tuple[float, bool]],
) -> None:
    now, changed_at, size = 0.0, 0.0, 0
    watched: dict[str, ListingHistory] = {}
    for after, changes in looks:
        now += after
        if changes or not watched:
            size, changed_at = size + 1, now
        watched = readiness.update_history(watched, {"LOT": {LOT: FileStat(size, 0, 0)}}, now)
        if now - changed_at < 3:
            assert _judge(watched["LOT"], now) is Readiness.WRITING
        else:
            assert _judge(watched["LOT"], now) is Readiness.SETTLED


@pytest.mark.parametrize(
    "name",
    [
        *("scan.tif.filepart", "a.tmp", "a.PART", "~$x.pdf", "x.pdf~", ".hidden", "Thumbs.db"),
        *(".DS_Store", "._scan.tif", "@eaDir", "#recycle", "_etat", "desktop.ini"),
    ],
)
def test_s01_temporary_names_and_litter_are_not_looked_at(name: str) -> None:
    assert grouping.is_ignored(name)


@pytest.mark.parametrize("name", ["LOT1.tif", "a..b.pdf", 'q"uote.tif', "é\n.tif", "etat"])
def test_s07_odd_names_are_looked_at(name: str) -> None:
    assert not grouping.is_ignored(name)


def test_s05_undecodable_bytes_are_shown_as_their_codes() -> None:
    assert grouping.printable_name("caf\udce9.tif") == "caf\\xe9.tif"
    assert grouping.printable_name("a\nb") == "a\ufffdb"


@given(st.binary(min_size=1))
def test_s05_any_name_is_shown_as_valid_unicode(name: bytes) -> None:
    shown = grouping.printable_name(name.decode("utf-8", "surrogateescape"))
    assert shown.encode("utf-8")
    assert shown.isprintable() or not any(ord(c) < 32 for c in shown)


@pytest.mark.parametrize(
    ("name", "lot"),
    [
        ("LOT12.cloturer", "LOT12"),
        ("LOT12.CLÔTURER", "LOT12"),
        ("LOT12.clo\u0302turer", "LOT12"),
        ("LOT12 - INCOMPLET 37 sur 50.cloturer", "LOT12"),
        ("LOT12 - EN COURS.txt.cloturer", "LOT12"),
        ("LOT12.tif", None),
        (".cloturer", None),
    ],
)
def test_s13_a_closing_file_names_its_lot(name: str, lot: str | None) -> None:
    assert grouping.lot_to_close(name) == lot


def test_pages_are_ordered_as_people_count() -> None:
    pages = [("LOT", f"{n}.tif") for n in (10, 2, 1)] + [("LOT", "a.tif")]
    assert [parts[1] for parts in sorted(pages, key=natural)] == [
        *("1.tif", "2.tif", "10.tif", "a.tif")
    ]


def _entries(*paths: str, kind: EntryKind = EntryKind.FILE) -> list[FolderEntry]:
    """Files, and the directories above them."""
    found = {tuple(path.split("/")): kind for path in paths}
    for parts in list(found):
        for depth in range(1, len(parts)):
            found.setdefault(parts[:depth], EntryKind.DIRECTORY)
    return [FolderEntry(parts, kind, SEEN) for parts, kind in found.items()]


def _recognise(*paths: str, always_index: bool = False) -> list[LotCandidate]:
    return group_entries(_entries(*paths), always_index=always_index)


def _names(lot: LotCandidate) -> list[str]:
    return [lot.name_of(entry) for entry in lot.files]


def test_each_file_is_a_lot_and_so_is_each_directory() -> None:
    lots = _recognise("LOT10.tif", "LOT2.pdf", "LOT3/2.jpg", "LOT3/1.jpg", "LOT3/more/1.png")
    assert [lot.name for lot in lots] == ["LOT2.pdf", "LOT3", "LOT10.tif"]
    assert _names(lots[1]) == ["1.jpg", "2.jpg", "more/1.png"]
    assert not any(lot.is_kodak for lot in lots)


def test_a_directory_with_a_files_name_is_a_lot_if_it_holds_images() -> None:
    assert _names(_recognise("x.pdf/1.jpg")[0]) == ["1.jpg"]


def test_s07_an_empty_directory_is_nothing_unless_it_has_a_files_name() -> None:
    assert (
        group_entries([FolderEntry(("LOT",), EntryKind.DIRECTORY, SEEN)], always_index=False) == []
    )
    [lot] = group_entries([FolderEntry(("x.pdf",), EntryKind.DIRECTORY, SEEN)], always_index=False)
    assert [error for _, error in lot.refused] == [NotRegularFile]


def test_s07_what_is_no_ordinary_file_is_refused() -> None:
    entries = [
        FolderEntry(("a",), EntryKind.OTHER, SEEN),
        FolderEntry(("b",), EntryKind.DENIED, SEEN),
    ]
    lots = group_entries(entries, always_index=False)
    assert [lot.refused[0][1] for lot in lots] == [NotRegularFile, FileDenied]


def test_s08_a_tree_too_large_to_be_a_lot_is_refused_by_itself() -> None:
    lots = _recognise("ok.tif", *(f"LOT/{n}.tif" for n in range(MAX_FILES + 1)))
    assert [lot.name for lot in lots] == ["LOT", "ok.tif"]
    assert [error for _, error in lots[0].refused] == [TooManyPages]


def test_two_names_that_are_shown_alike_are_told_apart() -> None:
    assert [lot.name for lot in _recognise("a\udcff", "a\\xff")] == ["a\\xff", "a\\xff (2)"]


def test_the_first_kodak_tree_is_one_lot_for_each_batch() -> None:
    [lot] = _recognise("B0001/12345678/1.TIF", "B0001/12345678/2.TIF", "B0001/12345678/IDX.DAT")
    assert (lot.name, _names(lot)) == ("B0001", ["12345678/1.TIF", "12345678/2.TIF"])
    assert [lot.name_of(entry) for entry in lot.indexes] == ["12345678/IDX.DAT"]
    assert lot.is_kodak


def test_the_second_kodak_tree_is_one_lot_for_each_batch() -> None:
    lots = _recognise(
        "BATCHES/BATCH001/00000001/00000001.JPG",
        "BATCHES/BATCH001/00000001/00000002.TIF",
        "BATCHES/BATCH001/INDEX.DAT",
        "BATCHES/BATCH002/00000001/00000001.JPG",
    )
    assert [lot.name for lot in lots] == ["BATCHES/BATCH001", "BATCHES/BATCH002"]
    assert all(lot.is_kodak for lot in lots)


def test_s02_a_directory_waits_for_its_index_where_the_settings_say_so() -> None:
    assert not _recognise("LOT/1.tif")[0].is_kodak
    assert _recognise("LOT/1.tif", always_index=True)[0].is_kodak
    assert _recognise("B0001/12345678/1.TIF")[0].is_kodak


IDX = '"I01q";"01";"0000000001";"0000000002";"0000000004";"37865";"378""65"'


def test_an_index_tells_sheets_and_images() -> None:
    [record] = kodak_index.parse_index(IDX.encode())
    assert (record.format, record.document, record.sheets, record.images) == (
        *(Format.DOCUMENT, 1, 2, 4),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "cp850"])
def test_an_index_is_read_in_any_encoding(encoding: str) -> None:
    line = '"I01q";"01";"0000000001";"0000000002";"0000000004";"Hélène";;"x"\r\n\r\n'
    assert kodak_index.parse_index(line.encode(encoding))[0].images == 4


def test_an_index_with_null_characters_and_blanks_before_numbers_is_read() -> None:
    [record] = kodak_index.parse_index(
        b'"I02r";"01";"0000000001";" 0000000005";" 0000000008";\0;"x"'
    )
    assert record.images == 4


@pytest.mark.parametrize(
    "text",
    [
        *("", '"I99z";"01";"1"', '"I01q";"01";"1";"2"', '"I01q";"01";"1";"2";"x"', "junk"),
        '"I01q";"01";"1";"2";"-4"',
        '"I01q";"01";"1";"2";"9"',  # nine images on two sheets
        '"I02r";"01";"1";"8";"5"',
        '"I01q";"01";"1";"2";"4"\n"I05u";"01";"1"',
        '"I05u";"01";"1"\n"I05u";"01";"1"',
        '"I01q";"01";"1";"2";"٤"',
        '"I01q";"01";"1";"2";"99999999999999999999"',
        '"I01q";"01";"1";"2";"4',
    ],
)
def test_s02_an_index_whose_counts_cannot_be_read_is_not_guessed(text: str) -> None:
    with pytest.raises(IndexUnreadable):
        kodak_index.parse_index(text.encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_an_index_or_unreadable(data: bytes) -> None:
    with contextlib.suppress(IndexUnreadable):
        assert kodak_index.parse_index(data)


def _compare(lot: LotCandidate, **texts: str | None) -> kodak_index.IndexCount:
    parsed = {
        entry.parts: kodak_index.parse_index(text.encode()) if text is not None else None
        for entry, text in zip(lot.indexes, texts.values(), strict=True)
    }
    return kodak_index.compare_with_index(lot, parsed)


def test_s02_images_short_of_the_index_are_counted() -> None:
    [lot] = _recognise(*(f"B0001/00000001/{n}.TIF" for n in (1, 2, 3)), "B0001/00000001/IDX.DAT")
    announced = _compare(lot, idx=IDX)
    assert (announced.count, announced.met) == (Count(3, 4, Unit.PAGES), False)


def test_s02_images_and_index_agree() -> None:
    [lot] = _recognise(*(f"B0001/00000001/{n}.TIF" for n in range(4)), "B0001/00000001/IDX.DAT")
    announced = _compare(lot, idx=IDX)
    assert (announced.met, announced.images, announced.sheets) == (
        *(True, 4, {("B0001", "00000001"): 2}),
    )


def test_s02_one_image_too_many_is_not_met() -> None:
    [lot] = _recognise(*(f"B0001/00000001/{n}.TIF" for n in range(5)), "B0001/00000001/IDX.DAT")
    assert not _compare(lot, idx=IDX).met


def test_s02_a_document_without_index_keeps_the_batch_waiting() -> None:
    [lot] = _recognise(
        *(f"B0001/00000001/{n}.TIF" for n in range(4)),
        *("B0001/00000001/IDX.DAT", "B0001/00000002/1.TIF"),
    )
    announced = _compare(lot, idx=IDX)
    assert (announced.met, announced.count) == (False, None)
    assert "pas encore là" in announced.why


def test_s02_an_unreadable_index_keeps_the_batch_waiting() -> None:
    [lot] = _recognise("B0001/00000001/1.TIF", "B0001/00000001/IDX.DAT")
    announced = kodak_index.compare_with_index(lot, {lot.indexes[0].parts: None})
    assert not announced.met
    assert "illisible" in announced.why


def test_s02_no_document_makes_up_for_another() -> None:
    [lot] = _recognise(
        *(f"BATCHES/B1/00000001/{n}.TIF" for n in range(3)),
        *(f"BATCHES/B1/00000002/{n}.TIF" for n in range(5)),
        "BATCHES/B1/INDEX.DAT",
    )
    text = IDX + "\n" + IDX.replace("0000000001", "0000000002")
    announced = _compare(lot, index=text)
    assert announced.count == Count(8, 8, Unit.PAGES)
    assert not announced.met


def test_a_batch_index_of_ranges_counts_the_images_of_one_folder() -> None:
    [lot] = _recognise(*(f"BATCHES/B1/{n:08}.TIF" for n in range(1, 9)), "BATCHES/B1/INDEX.DAT")
    text = '"I02r";"01";"1";"1";"4";;\n"I02r";"01";"2";"5";"8";;'
    assert _compare(lot, index=text).met


def test_a_batch_index_of_folders_counts_documents() -> None:
    paths = [f"BATCHES/B1/{n:08}/00000001.JPG" for n in (1, 2)]
    [lot] = _recognise(*paths, "BATCHES/B1/INDEX.DAT")
    assert _compare(lot, index='"I05u";"01";"1"\n"I05u";"01";"2"').met
    short = _compare(lot, index='"I05u";"01";"1"\n"I05u";"01";"2"\n"I05u";"01";"3"')
    assert (short.met, short.count) == (False, Count(2, 3, Unit.DOCUMENTS))


def test_s13_a_batch_index_of_multi_page_files_is_verified_after_reading() -> None:
    [lot] = _recognise("BATCHES/B1/00000001.TIF", "BATCHES/B1/INDEX.DAT")
    announced = _compare(lot, index='"I04t";"01";"1";"4";"C1"')
    assert (announced.met, announced.images, announced.verify_after_reading) == (True, 4, True)


FOUR = ["1.JPG", "2.TIF", "3.JPG", "4.TIF"]


def test_twins_are_certain_when_the_index_counts_four_images_a_sheet() -> None:
    assert grouping.pair_images(FOUR, 1) == {
        "2.TIF": ImagePair("1.JPG", True),
        "4.TIF": ImagePair("3.JPG", True),
    }


def test_colour_fronts_with_bitonal_backs_are_not_taken_for_certain_twins() -> None:
    assert grouping.pair_images(FOUR, 2) == {
        "2.TIF": ImagePair("1.JPG", False),
        "4.TIF": ImagePair("3.JPG", False),
    }
    assert grouping.pair_images(FOUR, None)["2.TIF"].certain is False


def test_fronts_and_backs_written_together_pair_across() -> None:
    names_ = ["1.JPG", "2.JPG", "3.TIF", "4.TIF"]
    assert grouping.pair_images(names_, 1) == {
        "3.TIF": ImagePair("1.JPG", True),
        "4.TIF": ImagePair("2.JPG", True),
    }


def test_one_name_with_two_endings_is_a_certain_pair() -> None:
    assert grouping.pair_images(["a.jpg", "a.tif"], None) == {"a.tif": ImagePair("a.jpg", True)}


@pytest.mark.parametrize(
    ("images", "sheets"),
    [
        (["1.JPG", "2.TIF"], 2),  # two sheets, one image each
        (["1.TIF", "2.TIF"], None),
        (["1.JPG", "2.TIF", "3.TIF"], None),
        ([], None),
    ],
)
def test_nothing_is_paired_without_a_pattern(images: list[str], sheets: int | None) -> None:
    assert grouping.pair_images(images, sheets) == {}


def test_a_directory_by_itself_is_cut_as_the_lot_that_it_is_in_a_watched_folder() -> None:
    paths = ("B0001/00000001/1.JPG", "B0001/00000001/2.TIF", "B0001/00000002/10.JPG")
    [watched] = _recognise(*paths)
    below = [
        replace(entry, parts=entry.parts[1:]) for entry in _entries(*paths) if len(entry.parts) > 1
    ]

    assert grouping.directory_lot("B0001", below) == watched
    assert watched.is_kodak


def test_an_empty_directory_in_a_lot_read_by_hand_is_refused_when_it_has_a_file_s_name() -> None:
    empty = FolderEntry(("x.pdf",), EntryKind.DIRECTORY, SEEN)

    lot = grouping.directory_lot("LOT", [empty])

    assert lot is not None
    assert [(entry.parts, error) for entry, error in lot.refused] == [
        (("LOT", "x.pdf"), NotRegularFile)
    ]
    assert grouping.directory_lot("LOT", []) is None
