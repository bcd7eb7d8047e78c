"""A separator's code makes a sheet of a page only when nothing else is on it."""

import datetime as dt
import random
from collections.abc import Callable

import numpy as np
import pytest
import zxingcpp

from edge import sheets
from edge.imaging.source_file import PageImage
from edge.inference.engine import StationEngine
from edge.ocr.engine import Gray
from edge.pipeline import page as pipeline_page
from edge.results import Separator, SeparatorKind
from edge.spool.values import Rescan
from models.training.drawing import degrade, lots
from tests.support import paper
from vaguemestre.model.document import ImageRef
from vaguemestre.model.lot import AskedSheet, LotHeader

DPI = 200
TODAY = dt.date(2026, 11, 30)
RESCAN = Rescan(
    document_id="0197a000-0000-7000-8000-000000000001",
    lot_name="LOT0012 du 2 mars",
    reason="Page de gauche coupée : le numéro de sécurité sociale est illisible.",
    asked_at=dt.datetime(2026, 3, 5, 9, 30, tzinfo=dt.UTC),
    rescan_id="0197a000-0000-7000-8000-00003fa9c21b",
    code="3FA9C21B",
    received_on=dt.date(2026, 3, 2),
    fund="45",
    sheet=AskedSheet(12, "Feuille de soins - médecin", 2, 3),
)
HEADER = LotHeader("FSP", "17", dt.date(2026, 3, 2), "S3110", 50, 1, original_seen=True)


def separator_of(page: Gray, readers: StationEngine, *barcodes: str) -> Separator | None:
    recipe = pipeline_page.ReadingContext({}, 0.001, barcodes)
    image = PageImage(page, DPI, dpi_known=True)
    return pipeline_page.read_page(
        image, ImageRef("1.tif", 0, ""), recipe, readers, TODAY
    ).separator


def stuck(page: Gray, text: str) -> Gray:
    """A sticker with bars, in the upper right corner."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code39)
    bars = np.asarray(code.to_image(scale=2, add_quiet_zones=True), np.uint8)
    made = page.copy()
    made[90 : 90 + bars.shape[0], -bars.shape[1] - 60 : -60] = bars
    return made


SHEETS: dict[str, Callable[[], bytes]] = {
    "separator": lambda: sheets.separator_sheets_pdf(1),
    "header": lambda: sheets.header_sheet_pdf(HEADER, "LOT0012 du 2 mars"),
    "rescan": lambda: sheets.rescan_sheet_pdf(RESCAN),
}


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("angle", [0, 1, 2])
def test_our_own_sheets_are_sheets_however_they_lie_until_somebody_writes_on_them(
    readers: StationEngine, name: str, angle: int
) -> None:
    sheet = lots.printed(SHEETS[name]())
    scanned = degrade.scan(sheet, random.Random(angle))
    for seen in (scanned, degrade.bitonal(sheet)):
        found = separator_of(np.ascontiguousarray(np.rot90(seen, angle)), readers)
        assert found is not None
        assert not found.is_on_content
    written = paper.handwritten(sheet, "Voir avec Mme Dupont, urgent", (30, 250))
    found = separator_of(np.ascontiguousarray(np.rot90(written, angle)), readers)
    assert found is not None
    assert found.is_on_content


def test_a_page_of_text_with_a_sticker_is_a_page(readers: StationEngine) -> None:
    for lines in (4, 20):
        page = stuck(paper.text(paper.sheet(), lines), "PATCHT")
        found = separator_of(page, readers)
        assert found == Separator(SeparatorKind.PATCH_T, "PATCHT", is_on_content=True)
    named = separator_of(stuck(paper.text(paper.sheet(), 20), "CPAM17"), readers, "CPAM*")
    assert named == Separator(SeparatorKind.BARCODE, "CPAM17", is_on_content=True)


def test_a_sheet_that_bears_a_code_and_nothing_else_is_none(readers: StationEngine) -> None:
    found = separator_of(stuck(paper.sheet(), "PATCHT"), readers)
    assert found == Separator(SeparatorKind.PATCH_T, "PATCHT")


def test_our_own_sheet_whose_codes_are_torn_off_begins_another_document(
    readers: StationEngine,
) -> None:
    sheet = lots.printed(SHEETS["separator"]()).copy()
    sheet[: round(70 * DPI / 25.4)] = 255
    sheet[-round(70 * DPI / 25.4) :] = 255
    found = separator_of(sheet, readers)
    assert found == Separator(SeparatorKind.DOCUMENT, is_on_content=True)
