"""Separator sheets are found whichever way they lie, and nothing else is taken for one."""

import datetime as dt
import random
import zlib

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from edge import sheets
from edge.imaging import cleaning, separators
from edge.results import Separator, SeparatorKind
from models.training.drawing import degrade, lots
from tests.support import paper
from tests.support.paper import DPI, Gray
from vaguemestre.model.lot import LotHeader

NARROW_IN, WIDE_IN = 0.08, 0.2
PATCHES = {
    SeparatorKind.PATCH_T: "nwnw",
    SeparatorKind.PATCH_2: "wnnw",
    SeparatorKind.PATCH_3: "wnwn",
}
OTHERS = {"patch 1": "wwnn", "patch 4": "nwwn", "patch 6": "nnww", "all wide": "wwww"}


def with_bars(page: Gray, bars: str, dpi: int = DPI, ink: int = 25) -> Gray:
    """Four bars across the sheet, from its upper edge inward, as Kodak prints them."""
    made = page.copy()
    y = round(0.5 * dpi)
    for bar in bars:
        height = round((WIDE_IN if bar == "w" else NARROW_IN) * dpi)
        made[y : y + height, round(0.6 * dpi) : -round(0.6 * dpi)] = ink
        y += height + round(NARROW_IN * dpi)
    return made


def with_code(page: Gray, image: Gray, at: tuple[int, int] = (200, 300)) -> Gray:
    made = page.copy()
    made[at[0] : at[0] + image.shape[0], at[1] : at[1] + image.shape[1]] = image
    return made


def qr(text: str, scale: int = 10) -> Gray:
    matrix = np.array([*segno.make(text, error="m", micro=False).matrix_iter(border=4)])
    return np.kron(np.where(matrix > 0, 0, 255), np.ones((scale, scale))).astype(np.uint8)


def bars_of(text: str, kind: zxingcpp.BarcodeFormat, scale: int = 3) -> Gray:
    image = zxingcpp.create_barcode(text, kind).to_image(scale=scale, add_quiet_zones=True)
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize("kind", PATCHES)
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_a_patch_is_told_by_its_bars_at_any_resolution(kind: SeparatorKind, dpi: int) -> None:
    page = np.full((round(11.69 * dpi), round(8.27 * dpi)), 240, np.uint8)
    assert separators.find_patch(with_bars(page, PATCHES[kind], dpi), dpi) is kind


@pytest.mark.parametrize("kind", PATCHES)
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [-2.0, 0.0, 2.0])
def test_a_patch_is_told_whichever_way_the_sheet_was_fed(
    kind: SeparatorKind, rotation: int, skew: float
) -> None:
    page = with_bars(paper.sheet(), PATCHES[kind])
    page = cleaning.quarter_turn(paper.turned(page, skew), rotation)
    assert separators.find_patch(page, DPI) is kind
    assert separators.find_patch(paper.bitonal(page), DPI) is kind


@pytest.mark.parametrize("bars", OTHERS)
def test_bars_that_mean_something_else_separate_nothing(bars: str) -> None:
    assert separators.find_patch(with_bars(paper.sheet(), OTHERS[bars]), DPI) is None


def _table() -> Gray:
    page = paper.sheet()
    for y in range(200, 2200, 30):
        cv2.line(page, (100, y), (1500, y), 30, 4)
    for x in range(100, 1501, 200):
        cv2.line(page, (x, 200), (x, 2200), 30, 4)
    return page


def _banner() -> Gray:
    page = paper.text(paper.sheet())
    for y in (150, 260, 420):
        cv2.rectangle(page, (100, y), (1500, y + 40), 20, -1)
    return page


@pytest.mark.parametrize(
    "page",
    [
        paper.sheet(),
        paper.text(paper.sheet(), lines=32),
        paper.bitonal(paper.text(paper.sheet(), lines=32, size=2.0)),
        _table(),
        _banner(),
        np.zeros((2339, 1654), np.uint8),
        np.random.default_rng(0).integers(0, 255, (2339, 1654), np.uint8),
        np.zeros((1, 1), np.uint8),
        with_code(paper.sheet(), bars_of("ASN00123", zxingcpp.BarcodeFormat.Code39)),
    ],
    ids=["empty", "text", "bold", "table", "banner", "black", "noise", "pixel", "barcode"],
)
def test_other_pages_are_no_separators(page: Gray) -> None:
    assert separators.find_separator(page, DPI, ["PAGE"]) is None


@pytest.mark.parametrize("kind", ["Code39", "Code128", "QRCode", "DataMatrix", "EAN13"])
def test_a_barcode_separates_when_the_settings_name_it(kind: str) -> None:
    text = "3017620422003" if kind == "EAN13" else "DOSSIER-42"
    page = with_code(paper.sheet(), bars_of(text, zxingcpp.BarcodeFormat[kind]))
    assert separators.find_separator(page, DPI, []) is None
    assert separators.find_separator(page, DPI, ["AUTRE", "DOSSIER"]) is None
    for named in (text, f"{text[:4]}*"):
        found = separators.find_separator(cleaning.quarter_turn(page, 90), DPI, [named])
        assert found is not None
        assert (found.separator.kind, found.separator.payload) == (SeparatorKind.BARCODE, text)


def test_the_code_of_common_patch_sheets_needs_no_setting() -> None:
    page = with_code(paper.sheet(), bars_of("PATCHT", zxingcpp.BarcodeFormat.Code39))
    found = separators.find_separator(page, DPI, [])
    assert found is not None
    assert found.separator.kind is SeparatorKind.PATCH_T


def test_a_page_with_several_codes_obeys_ours_first() -> None:
    for theirs, ours in (((1500, 300), (200, 300)), ((200, 300), (1500, 300))):
        bars = bars_of("A", zxingcpp.BarcodeFormat.Code128)
        page = with_code(paper.sheet(), bars, theirs)
        page = with_code(page, qr(separators.encode_separator()), ours)
        found = separators.find_separator(page, DPI, ["A"])
        assert found is not None
        assert found.separator.kind is SeparatorKind.DOCUMENT
        assert len(separators.read_barcodes(page)) == 2


@pytest.mark.parametrize("degrees", [-5.0, 5.0])
def test_our_own_code_is_read_askew_and_worn(degrees: float) -> None:
    page = paper.turned(with_code(paper.sheet(), qr(separators.encode_separator())), degrees)
    worn = cv2.GaussianBlur(page, (0, 0), 1.5)
    for seen in (page, np.asarray(worn, np.uint8), paper.bitonal(page)):
        found = separators.find_separator(seen, DPI, [])
        assert found is not None
        assert found.separator.kind is SeparatorKind.DOCUMENT


@pytest.mark.parametrize("angle", [0, 1, 2, 3])
def test_our_printed_sheets_are_found_thresholded_and_however_they_lie(angle: int) -> None:
    for pdf in (sheets.separator_sheets_pdf(1), sheets.header_sheet_pdf(LotHeader("FSP"), "A")):
        page = degrade.bitonal(lots.printed(pdf))
        found = separators.find_separator(np.ascontiguousarray(np.rot90(page, angle)), DPI, [])
        assert found is not None
        assert found.separator.kind in (SeparatorKind.DOCUMENT, SeparatorKind.HEADER)


def test_a_worn_code_of_bars_across_the_sheet_is_read_whole() -> None:
    bars = bars_of("CUSTOM BARCODE 2026", zxingcpp.BarcodeFormat.Code128, scale=4)
    for page in (with_code(paper.sheet(), bars), paper.turned(with_code(paper.sheet(), bars), 4)):
        worn = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.0), np.uint8)
        worn[330:340] = 238
        assert "CUSTOM BARCODE 2026" in {code.text for code in separators.read_barcodes(worn)}


def patch_sheet(dpi: int, seed: int) -> Gray:
    """A PATCHT sheet as a feeder leaves it: its paper warped, blurred, noisy, askew, paled."""
    rng = random.Random(1000 * dpi + seed)
    mm = dpi / 25.4
    page = np.full((round(297 * mm), round(210 * mm)), rng.randint(215, 250), np.uint8)
    bars = bars_of("PATCHT", zxingcpp.BarcodeFormat.Code39, scale=1)[0]
    bars = bars[bars.argmin() : len(bars) - bars[::-1].argmin()]
    module = rng.uniform(0.25, 0.6) * mm
    places = (np.arange(round(len(bars) * module)) / module).astype(int).clip(0, len(bars) - 1)
    top, left = round(rng.uniform(15, 240) * mm), round(rng.uniform(12, 20) * mm)
    height = round(rng.uniform(10, 25) * mm)
    page[top : top + height, left : left + len(places)] = np.where(bars[places] > 0, page[0, 0], 40)
    rows, columns = np.indices(page.shape, np.float32)
    swing, pitch = rng.uniform(0.5, 4) * mm, rng.uniform(40, 150) * mm / 6.28
    warped = cv2.remap(
        page,
        columns + 0.4 * swing * np.sin(rows / pitch + 1),
        rows + swing * np.sin(columns / pitch),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    page = np.asarray(cv2.GaussianBlur(warped, (0, 0), rng.uniform(0.05, 0.28) * mm), np.uint8)
    page = paper.turned(page, rng.uniform(-6, 6), int(page[0, 0]))
    noise = np.random.default_rng(seed).normal(0, rng.uniform(1, 10), page.shape)
    pale = rng.uniform(0.3, 1.0)
    made = np.clip((page - 128.0) * pale + 128 + 40 * (1 - pale) + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(made, rng.choice([0, 0, 1, 2, 3])))


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_a_patcht_sheet_that_a_plain_search_of_the_page_finds_is_found(dpi: int) -> None:
    read = 0
    for seed in range(4):
        page = patch_sheet(dpi, seed)
        if "PATCHT" not in {code.text for code in zxingcpp.read_barcodes(page)}:
            continue
        read += 1
        found = separators.find_separator(page, dpi, [])
        assert found is not None, seed
        assert found.separator.kind is SeparatorKind.PATCH_T
    assert read  # else nothing was tried


@pytest.mark.parametrize("angle", [0, 1, 2, 3])
def test_a_code_tells_where_it_lies_and_how_the_page_must_be_turned(angle: int) -> None:
    for image in (qr("WHERE"), bars_of("WHERE", zxingcpp.BarcodeFormat.Code128)):
        page = with_code(paper.sheet(), image)
        (code,) = separators.read_barcodes(np.ascontiguousarray(np.rot90(page, angle)))
        assert code.rotation == 90 * angle
        found = separators.find_separator(
            np.ascontiguousarray(np.rot90(page, angle)), DPI, ["WHERE"]
        )
        assert found is not None
        upright = cleaning.quarter_turn(np.ascontiguousarray(np.rot90(page, angle)), code.rotation)
        assert (upright == page).all()
        (straight,) = separators.read_barcodes(page)
        seen = separators.Found(Separator(SeparatorKind.BARCODE), (straight.box,), 0, False)
        painted = separators.without_codes(page, DPI, seen)
        assert painted.min() > 150


@pytest.mark.parametrize("angle", [0, 1])
def test_tall_bars_are_painted_over_from_end_to_end(angle: int) -> None:
    """A reader tells where it read them, which is a strip."""
    bars = bars_of("CUSTOM BARCODE", zxingcpp.BarcodeFormat.Code128, scale=4)
    tall = np.repeat(bars[bars.shape[0] // 2 : bars.shape[0] // 2 + 1], 500, axis=0)
    page = with_code(paper.sheet(), tall)
    middle = (450 / page.shape[0], 460 / page.shape[0])
    sides = (300 / page.shape[1], (300 + tall.shape[1]) / page.shape[1])
    box = (sides[0], middle[0], sides[1], middle[1])
    if angle:
        box = (box[1], 1 - box[2], box[3], 1 - box[0])
    seen = separators.Found(Separator(SeparatorKind.BARCODE), (box,), 90 * angle, False)
    painted = separators.without_codes(np.ascontiguousarray(np.rot90(page, angle)), DPI, seen)
    assert painted.min() > 150


words = st.text(alphabet="ABCXYZabc019_- ", max_size=20)
headers = st.builds(
    LotHeader,
    process=words,
    fund=words,
    received_on=st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)),
    expected_type=words,
    expected_documents=st.none() | st.integers(0, 9999),
    pages_each=st.none() | st.integers(1, 99),
    priority=st.integers(0, 9),
    original_seen=st.booleans(),
)


@given(headers)
def test_what_a_header_sheet_says_is_read_back(header: LotHeader) -> None:
    found = separators.decode_sheet(separators.encode_header(header))
    assert found is not None
    assert found.header == header


@given(headers, st.integers(0, 300), st.characters(codec="ascii"))
def test_an_altered_code_is_not_ours(header: LotHeader, at: int, letter: str) -> None:
    text = separators.encode_header(header)
    at %= len(text)
    altered = text[:at] + letter + text[at + 1 :]
    if altered != text:
        assert separators.decode_sheet(altered) is None


@pytest.mark.parametrize("value", ["a;b", "é", "a=b", "x" * 41, "a\nb"])
def test_a_value_that_would_break_the_code_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="printed"):
        separators.encode_header(LotHeader(process=value))


@given(st.text())
def test_a_stranger_s_code_is_not_ours(text: str) -> None:
    assert separators.decode_sheet(text) is None
    assert separators.decode_sheet(f"VGM1;{text}") is None


@pytest.mark.parametrize(
    "value",
    [
        *("u=99999999999999999999", "n=99999999999999999999", "n=-5", "e=100001", "u=101"),
        *("r=9999-12-31", "r=1999-12-31", "p=" + "X" * 300, "t=S3110%00", "f=17\n"),
    ],
)
def test_a_header_that_only_a_stranger_would_print_is_none_of_ours(value: str) -> None:
    body = f"VGM1;H;{value}"
    assert separators.decode_sheet(f"{body};{zlib.crc32(body.encode()):08X}") is None
