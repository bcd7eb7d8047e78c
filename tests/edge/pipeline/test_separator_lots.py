"""Lots of real separator sheets split where they must."""

from pathlib import Path

import pikepdf
import pytest

from edge.pipeline.workers import Workers
from edge.results import LotResult
from tests.support import reading
from vaguemestre.model.document import PageRole, RouteKind

pytestmark = [pytest.mark.samples, pytest.mark.slow]


def split(result: LotResult) -> tuple[list[list[int]], list[int]]:
    """Indexes of each document's pages, and those of the separators."""
    assert result.set_aside == ()
    assert all(page.role is PageRole.SEPARATOR for page in result.loose_pages)
    documents = [[page.ref.index for page in d.pages] for d in result.documents]
    return documents, [page.ref.index for page in result.loose_pages]


@pytest.mark.parametrize(
    ("name", "documents", "separators"),
    [
        ("patch-code-t.pdf", [], [0]),
        ("naps2_patcht.jpg", [], [0]),
        ("patch-code-t-middle.pdf", [[0], [2]], [1]),
        ("patch-code-t-middle.tiff", [[0], [2]], [1]),
        ("several-patcht-codes.pdf", [[0, 1], [3, 4], [6]], [2, 5]),
        # Barcodes that nobody named separate nothing: they stand on the documents themselves.
        ("barcode-39-asn-123.pdf", [[0]], []),
        ("barcode-128-custom.pdf", [[0]], []),
        ("barcode-qr-custom.pdf", [[0]], []),
        # Each page that nothing joins is its own document; backs stay with their fronts.
        ("split-by-asn-1.pdf", [[0, 1], [2], [3, 4, 5], [6, 7], [8, 9]], []),
        ("double-sided-odd.pdf", [[0], [1], [2]], []),
        ("double-sided-even.pdf", [[0], [1]], []),
    ],
)
def test_a_lot_splits_at_its_separators(
    samples: Path,
    workers: Workers,
    name: str,
    documents: list[list[int]],
    separators: list[int],
) -> None:
    result = reading.read(workers, samples / "separators" / name)
    assert split(result) == (documents, separators)


@pytest.mark.parametrize(
    ("barcode", "named"),
    [
        ("barcode-39-asn-123.pdf", "ASN*"),
        ("barcode-128-custom.pdf", "CUSTOM BARCODE"),
        ("barcode-qr-custom.pdf", "CUSTOM BAR????"),
    ],
)
def test_a_barcode_that_the_settings_name_separates(
    samples: Path, tmp_path: Path, barcode: str, named: str
) -> None:
    """The barcode's sheet between the two documents of another sample."""
    folder = samples / "separators"
    lot = tmp_path / "lot.pdf"
    with (
        pikepdf.open(folder / "several-patcht-codes.pdf") as pages,
        pikepdf.open(folder / barcode) as sheet,
        pikepdf.new() as made,
    ):
        for page in (pages.pages[0], pages.pages[1], sheet.pages[0], pages.pages[3]):
            made.pages.append(page)
        made.save(lot)
    with reading.running(reading.settings(barcodes=[named]), count=1) as workers:
        assert split(reading.read(workers, lot)) == ([[0, 1], [3]], [2])


def test_a_patch_sheet_is_found_turned_askew_and_in_black_and_white(
    samples: Path, tmp_path: Path, workers: Workers
) -> None:
    with pikepdf.open(samples / "separators" / "patch-code-t.pdf") as pdf:
        for turn in (90, 180):
            pdf.pages[0].rotate(turn, relative=False)
            pdf.save(tmp_path / f"{turn}.pdf")
    askew = samples / "scans" / "naps2_skewed.jpg"
    for sheet in (tmp_path / "90.pdf", tmp_path / "180.pdf", askew):
        result = reading.read(workers, sheet)
        assert split(result) == ([], [0])


def test_odd_and_even_pages_of_a_lot_scanned_in_two_passes_are_all_there(
    samples: Path, workers: Workers
) -> None:
    """Nobody says that the second pass is the first one's backs: nothing is merged or lost."""
    folder = samples / "separators"
    names = ("double-sided-odd.pdf", "double-sided-even.pdf")
    result = reading.read(workers, *(folder / name for name in names))
    pages = [(page.ref.file, page.ref.index) for d in result.documents for page in d.pages]
    assert pages == [(names[0], 0), (names[0], 1), (names[0], 2), (names[1], 0), (names[1], 1)]


def test_a_blank_sheet_is_blank_and_one_with_a_paragraph_is_not(
    samples: Path, workers: Workers
) -> None:
    blank = reading.read(workers, samples / "scans" / "naps2_blank1.jpg")
    written = reading.read(workers, samples / "scans" / "naps2_notblank.jpg")
    assert [page.role for d in blank.documents for page in d.pages] == [PageRole.BLANK]
    assert [page.role for d in written.documents for page in d.pages] == [PageRole.FRONT]
    assert "separator sheet geometry" in written.documents[0].pages[0].text


def test_claims_whose_blank_backs_were_dropped_are_three_for_a_person(
    samples: Path, workers: Workers
) -> None:
    lot = samples / "cases" / "34-blank-backs-dropped.tif"
    result = reading.read(workers, lot, duplex=True)
    assert split(result) == ([[0], [1], [2]], [])
    assert {document.route.kind for document in result.documents} == {RouteKind.NAME}
    assert all("rhythm_broken" in document.marks for document in result.documents)
    one_sided = reading.read(workers, lot)
    assert {document.route.kind for document in one_sided.documents} == {RouteKind.STRAIGHT}


def test_a_letter_with_a_sticker_that_separates_is_whole(samples: Path) -> None:
    lot = samples / "cases" / "25-sticker-on-page-1.tif"
    with reading.running(reading.settings(barcodes=["CPAM17-*"]), count=1) as workers:
        assert split(reading.read(workers, lot)) == ([[0, 1]], [])
