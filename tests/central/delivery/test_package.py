"""A package holds the original images, upright, and says the same in JSON and XML."""

import contextlib
import datetime as dt
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree as ET

import img2pdf
import numpy as np
import pikepdf
import pypdfium2
import pytest
from lxml import etree  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image

from central.delivery import package
from central.delivery.content import FORMER
from central.delivery.rules import Change, Claim, Delivery, Superseded
from central.documents.rules import DeliverableDocument
from central.rendering.binding import Binder
from tests.support.central import picture, tiff
from tests.support.packages import files_of
from vaguemestre.model.document import DeliveryField, DeliveryPage

ID = uuid.UUID("0192f1c2-0000-7000-8000-000000000001")
SIZE = (416, 586)


def _sources(*files: bytes) -> Callable[[bytes], BinaryIO]:
    known = {hashlib.sha256(file).digest(): file for file in files}
    return lambda sha256: io.BytesIO(known[sha256])


def _page(data: bytes, index: int = 0, rotation: int = 0, role: str = "front") -> DeliveryPage:
    digest = hashlib.sha256(data).digest()
    sides = (297.0, 210.0) if rotation in (90, 270) else (210.0, 297.0)
    return DeliveryPage(digest, index, role, rotation, "lot.tif", *sides)


def _delivery(*pages: DeliveryPage, **changes: Any) -> Delivery:
    document = DeliverableDocument(
        id=ID,
        type="S3110",
        type_confidence=0.987654,
        runner_up=None,
        layout="verified",
        route="straight",
        route_reasons=(),
        pole="Frais de santé",
        process="FSP",
        site="gien",
        station="poste-1",
        channel="scanner",
        lot_id=ID,
        lot_name="lot « 1 » & suite",
        position=3,
        fund="45",
        received_at=dt.datetime(2026, 11, 3, 8, 30, tzinfo=dt.UTC),
        received_on=dt.date(2026, 11, 3),
        due_on=dt.date(2026, 11, 10),
        retention="voucher",
        priority=0,
        marks=("urgent",),
        versions={"program": "0.1.0", "model é": "1<2"},
        pages=pages,
        fields=(
            DeliveryField("nir", "255081416802538", 0.99, "ok", True, 0),
            DeliveryField("address", "3 rue\nde l'Église\x00\x0b", 0.7, "none", False, 0),
            DeliveryField("total", None, 0.0, "none", False, 0),
        ),
    )
    claim = Claim(ID, "FRAIS_DE_SANTE", f"{ID}-FRAIS_DE_SANTE-1", "w", 1, False)
    return Delivery(claim, replace(document, **changes))


@dataclass(frozen=True)
class Made:
    """What a package holds."""

    pdf: bytes
    json: bytes
    xml: bytes


def _build(*pages: DeliveryPage, files: tuple[bytes, ...], **changes: Any) -> Made:
    return _made(_delivery(*pages, **changes), *files)


def _made(delivery: Delivery, *files: bytes, **how: Any) -> Made:
    with (
        tempfile.TemporaryDirectory() as folder,
        package.built(delivery, _sources(*files), _BINDER, Path(folder), **how) as made,
    ):
        return Made(*files_of(made).values())


_BINDER = Binder(at_once=1)


@pytest.fixture(scope="module", autouse=True)
def _binder() -> Iterator[None]:
    with contextlib.closing(_BINDER):
        yield


_OPENED = contextlib.ExitStack()


@pytest.fixture(autouse=True)
def _close_what_was_opened() -> Iterator[None]:
    with _OPENED:
        yield


def _opened(pdf: bytes) -> pikepdf.Pdf:
    return _OPENED.enter_context(pikepdf.open(io.BytesIO(pdf)))


def _only_image(pdf: bytes, page: int = 0) -> pikepdf.PdfImage:
    images = list(_opened(pdf).pages[page].get_images().values())
    assert len(images) == 1
    return pikepdf.PdfImage(cast(pikepdf.Stream, images[0]))


def _shown(pdf: bytes, page: int = 0, scale: float = 50 / 72) -> NDArray[np.uint8]:
    rendered = pypdfium2.PdfDocument(pdf)[page].render(scale=scale).to_numpy()
    return np.asarray(rendered[..., :3].mean(axis=2), np.uint8)


def _encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def test_a_g4_page_of_a_lot_keeps_its_bytes() -> None:
    lot = tiff([picture(number=n) for n in range(5)])
    with Image.open(io.BytesIO(lot)) as source:
        source.seek(3)
        tags: Mapping[int, Any] = source.tag_v2  # type: ignore[attr-defined]
        offset, size = tags[273][0], tags[279][0]
    made = _build(_page(lot, 3), files=(lot,))
    stream = _only_image(made.pdf).obj.read_raw_bytes()
    assert stream == lot[offset : offset + size]


def test_a_jpeg_keeps_its_bytes() -> None:
    scan = _encoded(picture("RGB"), "JPEG", dpi=(50, 50))
    made = _build(_page(scan), files=(scan,))
    assert _only_image(made.pdf).obj.read_raw_bytes() == scan


def test_a_jpeg_inside_a_tiff_is_not_encoded_again() -> None:
    lot = tiff([picture("L", 0), picture("L", 1)], compression="jpeg", strip_size=1_000_000)
    made = _build(_page(lot, 1), files=(lot,))
    image = _only_image(made.pdf)
    assert image.filters == ["/DCTDecode"]
    with Image.open(io.BytesIO(lot)) as source:
        source.seek(1)
        assert np.array_equal(np.asarray(image.as_pil_image()), np.asarray(source))


@pytest.mark.parametrize("compression", ["raw", "group3", "group4", "tiff_lzw", "tiff_deflate"])
def test_bitonal_pages_show_the_same_pixels(compression: str) -> None:
    lot = tiff([picture(number=0), picture(number=1)], compression=compression)
    image = _only_image(_build(_page(lot, 1), files=(lot,)).pdf).as_pil_image()
    assert np.array_equal(np.asarray(image.convert("1")), np.asarray(picture(number=1)))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "packbits"])
def test_grey_and_colour_pages_show_the_same_pixels(mode: str, compression: str) -> None:
    drawn = [picture("RGB", n).convert(mode) for n in range(2)]
    lot = tiff(drawn, compression=compression)
    image = _only_image(_build(_page(lot, 1), files=(lot,)).pdf).as_pil_image()
    assert np.array_equal(np.asarray(image.convert(mode)), np.asarray(drawn[1]))


def test_a_transparent_page_is_shown_over_white_and_keeps_its_colours() -> None:
    drawn = picture("RGBA")
    drawn.putalpha(drawn.getchannel("R").point(lambda value: 255 - value // 2))
    scan = _encoded(drawn, "PNG")
    made = _build(_page(scan), files=(scan,))
    flat = Image.new("RGBA", drawn.size, "white")
    flat.alpha_composite(drawn)
    shown = _shown(made.pdf)
    wanted = np.asarray(flat.convert("L").resize(shown.shape[::-1]), float)
    assert np.abs(shown - wanted).mean() < 6


def test_what_no_page_can_show_as_it_is_comes_along_as_it_was() -> None:
    exif = Image.Exif()
    exif[0x0112] = 2  # mirrored
    scan = _encoded(picture("L"), "JPEG", exif=exif)
    made = _build(_page(scan), files=(scan,))
    attached = _opened(made.pdf).attachments
    assert [spec.get_file().read_bytes() for spec in attached.values()] == [scan]


def test_a_page_of_an_alpha_lot_is_found_and_shown() -> None:
    lot = tiff([picture("RGBA", n) for n in range(3)], compression="tiff_lzw")
    made = _build(_page(lot, 2), files=(lot,))
    wanted = np.asarray(picture("RGB", 2))
    assert np.array_equal(np.asarray(_only_image(made.pdf).as_pil_image().convert("RGB")), wanted)


def test_sixteen_grey_bits_are_kept() -> None:
    deep = np.linspace(0, 65_535, SIZE[0] * SIZE[1]).astype(np.uint16).reshape(SIZE[::-1])
    scan = _encoded(Image.fromarray(deep), "TIFF")
    pdf = _build(_page(scan), files=(scan,)).pdf
    image = _only_image(pdf)
    assert image.bits_per_component == 16
    got = np.frombuffer(image.obj.read_bytes(), ">u2").reshape(deep.shape)
    assert np.array_equal(got, deep)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_page_is_shown_upright_whatever_its_tag_says(rotation: int, orientation: int) -> None:
    upright = picture("L")
    undo = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright.rotate(rotation, expand=True)  # counter-clockwise: what the turn undoes
    for step in undo[orientation]:
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    scan = _encoded(stored, "JPEG", quality=95, exif=exif)
    page = DeliveryPage(hashlib.sha256(scan).digest(), 0, "front", rotation, "a", 210.0, 297.0)
    shown = _shown(_build(page, files=(scan,)).pdf)
    wanted = np.asarray(upright.resize(shown.shape[::-1]), float)
    assert np.abs(shown - wanted).mean() < 6


def test_a_page_has_the_size_that_the_station_measured() -> None:
    scan = _encoded(picture("L"), "PNG")  # says no resolution
    box = _opened(_build(_page(scan), files=(scan,)).pdf).pages[0].mediabox
    assert [round(float(side) / 72 * 25.4) for side in box] == [0, 0, 210, 297]


def test_a_page_of_a_pdf_is_picked_and_turned_from_where_it_stood() -> None:
    scans = [_encoded(picture("L", n), "JPEG") for n in range(3)]
    lot = _opened(img2pdf.convert(scans))
    lot.pages[1].rotate(90, relative=False)
    out = io.BytesIO()
    lot.save(out)
    data = out.getvalue()
    made = _build(_page(data, 1, rotation=180), _page(data, 2), files=(data,))
    pages = _opened(made.pdf).pages
    assert len(pages) == 2
    assert pages[0].Rotate == 270
    assert _only_image(made.pdf).obj.read_raw_bytes() == scans[1]


def test_separators_stay_at_the_centre() -> None:
    lot = tiff([picture(number=n) for n in range(3)])
    pages = (_page(lot, 0, role="separator"), _page(lot, 1), _page(lot, 2, role="back"))
    made = _build(*pages, files=(lot,))
    assert len(_opened(made.pdf).pages) == 2
    content = json.loads(made.json)
    assert content["counts"]["pages"] == 2
    assert [page["role"] for page in content["pages"]] == ["front", "back"]


def test_the_same_document_always_makes_the_same_bytes() -> None:
    lot = tiff([picture()])
    assert _build(_page(lot), files=(lot,)) == _build(_page(lot), files=(lot,))


def test_the_xml_follows_its_schema_and_says_what_the_json_says() -> None:
    lot = tiff([picture()])
    made = _build(_page(lot), files=(lot,))
    _schema().assertValid(etree.fromstring(made.xml))
    root, content = ET.fromstring(made.xml), json.loads(made.json)  # noqa: S314 - our own
    told = {field.get("name"): field.get("value") for field in root.iter("field")}
    assert told["nir"] == "255081416802538"
    assert told["address"] == "3 rue\nde l'Église"
    assert told["total"] is None
    assert content["fields"][2]["value"] is None
    assert root.findtext("type") == content["type"] == "S3110"
    lot_told = root.find("lot")
    assert lot_told is not None
    assert lot_told.get("name") == content["lot"]["name"] == "lot « 1 » & suite"
    versions = {v.get("name"): v.get("value") for v in root.iter("version")}
    assert versions == content["versions"]


def test_a_file_without_that_page_is_refused() -> None:
    lot, scan = tiff([picture()]), _encoded(picture("L"), "PNG")
    pdf = bytes(img2pdf.convert(scan))
    for data in (lot, scan, pdf):
        with pytest.raises(ValueError, match=r".+"):
            _build(_page(data, 7), files=(data,))


def test_a_damaged_file_is_refused() -> None:
    for data in (b"", b"II*\0\x08\0\0\0", b"%PDF-1.7 nothing", b"\xff\xd8\xff nothing"):
        with pytest.raises(ValueError, match=r".+"):
            _build(_page(data), files=(data,))


def test_a_jpeg_inside_a_tiff_in_several_strips_shows_the_same_pixels() -> None:
    lot = tiff([picture("L")], compression="jpeg", strip_size=4_096)
    image = _only_image(_build(_page(lot), files=(lot,)).pdf).as_pil_image()
    with Image.open(io.BytesIO(lot)) as source:
        assert np.array_equal(np.asarray(image.convert("L")), np.asarray(source))


def test_what_was_filled_into_a_pdf_form_comes_along() -> None:
    made_form = _opened(img2pdf.convert(_encoded(picture("L"), "PNG")))
    field = made_form.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="nom",
            V="Dupont",
            Rect=[0, 0, 99, 9],
        )
    )
    made_form.pages[0].Annots = pikepdf.Array([field])
    made_form.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    out = io.BytesIO()
    made_form.save(out)
    form = out.getvalue()
    made = _opened(_build(_page(form), files=(form,)).pdf)
    assert [str(field.V) for field in made.Root.AcroForm.Fields] == ["Dupont"]


def test_ticks_are_booleans_and_a_field_says_why_it_has_no_value() -> None:
    lot = tiff([picture()])
    fields = (
        DeliveryField("signed", "true", 0.9, "none", True, 0),
        DeliveryField("married", "false", 0.9, "none", True, 0),
        DeliveryField("word", "true", 0.9, "none", True, 0),
        DeliveryField("a", None, 0.0, "none", False, 0),
        DeliveryField("b", None, 1.0, "none", True, 0, "person", "absent"),
        DeliveryField("c", None, 1.0, "none", True, 0, "person", "illegible"),
        DeliveryField("d", None, 1.0, "none", True, 0, "person", "wrong_on_paper"),
        DeliveryField("e", None, 0.9, "none", True, 0),
    )
    made = _made(_delivery(_page(lot), fields=fields), lot, logical={"signed", "married"})
    told = {one["name"]: (one["state"], one["value"]) for one in json.loads(made.json)["fields"]}
    assert told == {
        "signed": ("value", True),
        "married": ("value", False),
        "word": ("value", "true"),
        "a": ("unread", None),
        "b": ("empty", None),
        "c": ("illegible", None),
        "d": ("wrong_on_paper", None),
        "e": ("empty", None),
    }
    in_xml = {one.get("name"): one.get("value") for one in ET.fromstring(made.xml).iter("field")}  # noqa: S314 - our own
    assert (in_xml["signed"], in_xml["married"]) == ("true", "false")


def _superseding(lot: bytes) -> Delivery:
    delivery = _delivery(_page(lot))
    changed = (Change("fields.nir", "person"), Change("pages", "person"))
    before = Superseded(1, f"{ID}-FRAIS_DE_SANTE-1", "wrong_value", changed)
    claim = replace(delivery.claim, round=2)
    return replace(delivery, claim=claim, content=bytes(32), supersedes=before)


def test_a_later_round_says_what_it_takes_the_place_of() -> None:
    lot = tiff([picture()])
    made = _made(_superseding(lot), lot)
    told = json.loads(made.json)
    assert (told["round"], told["content_sha256"]) == (2, "00" * 32)
    assert told["supersedes"]["cause"] == "wrong_value"
    assert told["supersedes"]["changed"][0] == {"what": "fields.nir", "by": "person"}
    _schema().assertValid(etree.fromstring(made.xml))


def test_the_former_form_is_still_made() -> None:
    lot = tiff([picture()])
    made = _made(_superseding(lot), lot, logical={"nir"}, form=FORMER)
    told = json.loads(made.json)
    assert told["format"] == "vaguemestre-package/1"
    assert list(told)[:3] == ["format", "id", "type"]
    assert list(told["fields"][0]) == [
        *("name", "value", "confidence", "check", "accepted", "source", "reason")
    ]
    _schema().assertValid(etree.fromstring(made.xml))


def test_the_schema_allows_what_may_be_added() -> None:
    lot = tiff([picture()])
    root = etree.fromstring(_made(_superseding(lot), lot).xml)
    for element in list(root.iter()):
        if element.text is None and not len(element):
            element.set("added", "1")
    etree.SubElement(root, "added").text = "x"
    _schema().assertValid(root)


def _schema() -> Any:
    return etree.XMLSchema(etree.parse(Path("docs/package.xsd")))


def test_a_package_of_many_pages_takes_the_memory_of_few() -> None:
    """Noise does not compress: each page is as large in the PDF as in the lot."""
    noise = np.random.default_rng(7).integers(0, 256, (1_000, 1_000), np.uint8)
    pages = [_encoded(Image.fromarray(np.roll(noise, n)), "PNG") for n in range(120)]
    total = sum(map(len, pages))
    with tempfile.TemporaryDirectory() as folder:
        for n, data in enumerate(pages):
            Path(folder, str(n)).write_bytes(data)
        program = _MEMORY.format(folder=folder, pages=len(pages))
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
        )
    own_few, few, own_many, many = (int(line) * 1_024 for line in done.stdout.split())
    assert total > 110_000_000
    assert many - few < total / 2
    assert own_many - own_few < total / 2


_MEMORY = """
import contextlib, hashlib, pathlib, tempfile
import pikepdf, psutil
from PIL import Image
from tests.central.delivery.test_package import _delivery, _page
from central.delivery import package
from central.delivery.content import FORMER
from central.rendering.binding import Binder
files = [pathlib.Path({folder!r}, str(n)) for n in range({pages})]
known = {{hashlib.sha256(f.read_bytes()).digest(): f for f in files}}
pages = [_page(f.read_bytes()) for f in files]
for some in (pages[:4], pages):
    with tempfile.TemporaryDirectory() as own, contextlib.closing(Binder(1)) as binder:
        delivery = _delivery(*some)
        with package.built(
            delivery, lambda d: known[d].open("rb"), binder, pathlib.Path(own)
        ) as made:
            with made.pdf.open() as file, pikepdf.open(file) as pdf:
                assert len(pdf.pages) == len(some)
                for n in (0, len(some) // 2, len(some) - 1):
                    image = next(iter(pdf.pages[n].get_images().values()))
                    shown = pikepdf.PdfImage(image).as_pil_image()
                    wanted = Image.open(files[n])
                    assert shown.tobytes() == wanted.tobytes()
        (child,) = psutil.Process().children()
        for process in ("self", child.pid):
            status = pathlib.Path("/proc/" + str(process) + "/status").read_text()
            print(status.split("VmHWM:")[1].split()[0])
"""
