"""Sheets that are printed, scanned and read back say what was asked for."""

import datetime as dt
import io
import random
from dataclasses import replace

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from edge import sheets
from edge.imaging import cleaning, separators
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.results import Separator, SeparatorKind
from edge.spool.values import Rescan
from models.training.drawing import degrade
from tests.support import paper, pictures
from tests.support.pictures import Gray
from vaguemestre.model.lot import AskedSheet, LotHeader

HEADER = LotHeader(
    process="FSP",
    fund="45",
    received_on=dt.date(2026, 3, 2),
    expected_type="bulletin_hospitalisation",
    expected_documents=37,
    pages_each=2,
    priority=1,
    original_seen=True,
)
NAME = "FSP 2026-03-02, n° 14 (Montargis) « été »"


def rendered(pdf: bytes) -> list[Gray]:
    """Its pages at 200 dpi, the way the edge reads them."""
    with open_source(pdf, Limits()) as source:
        return [source.page(index).gray for index in range(source.page_count)]


PRINTED = rendered(
    sheets.join([sheets.header_sheet_pdf(HEADER, NAME), sheets.separator_sheets_pdf(2)])
)


def read(page: Gray) -> Separator | None:
    found = separators.find_separator(page, 200.0, [])
    return None if found is None else found.separator


def assert_read_back(pages: list[Gray]) -> None:
    first, *others = [read(page) for page in pages]
    assert first is not None
    assert first.header == HEADER
    assert [other.kind for other in others if other] == [SeparatorKind.DOCUMENT] * 2


def test_sheets_are_read_back_as_they_were_asked_for() -> None:
    assert_read_back(PRINTED)


@pytest.mark.parametrize("skew", [-4.0, -2.0, 2.0, 4.0])
@pytest.mark.parametrize("rotation", [0, 90, 180])
def test_sheets_are_read_back_from_a_grey_and_from_a_bitonal_scan(
    skew: float, rotation: int
) -> None:
    rng = random.Random(int(10 * skew) + rotation)
    scans = [
        cleaning.quarter_turn(degrade.scan(paper.turned(page, skew), rng, most_skew=0), rotation)
        for page in PRINTED
    ]
    assert_read_back(scans)
    assert_read_back([degrade.bitonal(page) for page in scans])


def test_a_bitonal_scan_in_a_g4_file_is_read_back() -> None:
    scans = [pictures.bitonal(paper.turned(page, 1.5)) for page in PRINTED]
    assert_read_back(rendered(pictures.tiff(*scans, compression="group4", dpi=(200, 200))))


@pytest.mark.parametrize("half", ["upper", "lower"])
def test_one_code_is_enough_when_the_other_is_torn_off(half: str) -> None:
    torn = []
    for page in PRINTED:
        made = page.copy()
        middle = page.shape[0] // 2
        made[slice(0, middle) if half == "upper" else slice(middle, None)] = 255
        torn.append(made)
    assert_read_back(torn)


def test_a_coffee_stain_over_a_code_costs_nothing() -> None:
    stained = []
    for page in PRINTED:
        made = page.copy()
        cv2.circle(made, (330, 330), 90, 120, -1)
        stained.append(made)
    assert_read_back(stained)


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        found = page.get_textpage()
        text = str(found.get_text_range())
        found.close()
        page.close()
    return text


def test_people_read_the_same_on_the_sheet() -> None:
    text = text_of(sheets.header_sheet_pdf(HEADER, NAME))
    for shown in ("EN-TÊTE DE LOT", NAME, "02/03/2026", "37", "URGENT", "oui", "FSP"):
        assert shown in text


def test_what_was_not_asked_for_is_not_on_the_sheet() -> None:
    text = text_of(sheets.header_sheet_pdf(LotHeader(), "LOT"))
    for absent in ("Priorité", "Original vu", "Reçu le", "Type attendu", "Caisse"):
        assert absent not in text


@pytest.mark.parametrize("name", ["x" * 120, "Лот № 7 → été", "", "a\nb"])
def test_any_name_of_a_lot_is_printed_within_the_sheet(name: str) -> None:
    (page,) = rendered(sheets.header_sheet_pdf(HEADER, name))
    assert page[:, -60:].min() == 255
    found = read(page)
    assert found is not None
    assert found.header == HEADER


def test_many_sheets_are_as_many_pages() -> None:
    with open_source(sheets.separator_sheets_pdf(100), Limits()) as source:
        assert source.page_count == 100
        assert read(np.asarray(source.page(99).gray)) is not None


RESCAN = Rescan(
    document_id="0197a000-0000-7000-8000-000000000001",
    lot_name=NAME,
    reason="Page de gauche coupée : le numéro de sécurité sociale est illisible. " * 4,
    asked_at=dt.datetime(2026, 3, 5, 9, 30, tzinfo=dt.UTC),
    rescan_id="0197a000-0000-7000-8000-00003fa9c21b",
    code="3FA9C21B",
    received_on=dt.date(2026, 3, 2),
    fund="45",
)


@pytest.mark.parametrize("half", ["upper", "lower"])
def test_the_sheet_of_a_request_says_which_whichever_code_is_left(half: str) -> None:
    (page,) = rendered(sheets.rescan_sheet_pdf(RESCAN))
    middle = page.shape[0] // 2
    page[slice(0, middle) if half == "upper" else slice(middle, None)] = 255
    found = read(page)
    assert found is not None
    assert found.header == LotHeader(
        fund="45", received_on=RESCAN.received_on, rescan_id=RESCAN.rescan_id
    )


def test_people_read_on_it_what_is_asked() -> None:
    text = text_of(sheets.rescan_sheet_pdf(RESCAN))
    for shown in ("NUMÉRISATION DEMANDÉE", "3FA9C21B", "Page de gauche", "02/03/2026"):
        assert shown in text


@pytest.mark.parametrize(
    "wrong", ["3fa9c21b", "0197a000-0000-4000-8000-00003fa9c21b", "0197A000" + "x" * 28]
)
def test_a_code_with_no_id_of_a_request_is_not_ours(wrong: str) -> None:
    body = f"VGM1;H;a={wrong}"
    assert separators.decode_sheet(f"{body};{separators._crc(body)}") is None


def test_a_station_of_the_previous_version_reads_the_sheet_as_a_plain_header() -> None:
    """It passes over keys that it does not know: the lot is then an ordinary one."""
    body = "VGM1;H;f=45;z=1"
    found = separators.decode_sheet(f"{body};{separators._crc(body)}")
    assert found is not None
    assert found.header == LotHeader(fund="45")


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((240, 340)).save(out, "JPEG")
    return out.getvalue()


WHICH = AskedSheet(12, "Feuille de soins - médecin", 2, 3, _jpeg())


@pytest.mark.parametrize("picture", [WHICH.picture, b"\xff\xd8\xff not one", b""])
def test_a_request_shows_on_a_page_of_its_own_which_sheet_is_meant(picture: bytes) -> None:
    pdf = sheets.rescan_sheet_pdf(replace(RESCAN, sheet=replace(WHICH, picture=picture)))
    for shown in ("n° 12, page 2 sur 3", "Feuille de soins - médecin"):
        assert shown in text_of(pdf)
    pages = rendered(pdf)
    found = read(pages[0])
    assert found is not None
    assert found.header is not None
    assert found.header.rescan_id == RESCAN.rescan_id
    assert len(pages) == (2 if picture else 1)
    if picture == WHICH.picture:
        assert read(pages[1]) is None
        assert (pages[1] < 128).mean() > 0.05, "the picture is there"
