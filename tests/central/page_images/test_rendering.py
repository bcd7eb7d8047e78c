"""Pages upright, zones where boxes say, whatever the file is."""

import io

import pytest
from PIL import Image, ImageDraw

from central.documents.store import SeenPage
from central.page_images.previews import (
    ByteLimitedCache,
    crop_zone,
    encode_preview,
    encode_zone,
    view_of,
)
from central.rendering.decode import decode

_WIDTH, _HEIGHT = 420, 594  # A4, two pixels a millimetre


def _marked(mode: str = "L") -> Image.Image:
    """A page with a black box at 20..40 mm from the left, 30..40 mm from the top."""
    image = Image.new(mode, (_WIDTH, _HEIGHT), "white")
    ImageDraw.Draw(image).rectangle((40, 60, 80, 80), fill="black")
    return image


def _view(rotation: int = 0, skew: float = 0.0, index: int = 0) -> SeenPage:
    return SeenPage(b"x" * 32, index, rotation, skew, 210.0, 297.0)


def _bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _decoded(data: bytes, view: SeenPage) -> Image.Image:
    return decode(io.BytesIO(data), view_of(view))


def _darkness(image: Image.Image) -> float:
    data = image.convert("L").tobytes()
    return 1 - sum(data) / (255 * len(data))


@pytest.mark.parametrize(
    "data",
    [
        _bytes(_marked(), "PNG"),
        _bytes(_marked("RGB"), "JPEG"),
        _bytes(_marked().convert("1"), "TIFF", compression="group4"),
        _bytes(_marked("RGB"), "PDF", resolution=50.8),
    ],
    ids=["png", "jpeg", "g4", "pdf"],
)
def test_a_zone_holds_what_stands_in_its_box(data: bytes) -> None:
    page = _decoded(data, _view())
    assert _darkness(crop_zone(page, _view(), (21, 31, 18, 8), 0)) > 0.9
    assert _darkness(crop_zone(page, _view(), (60, 31, 18, 8), 0)) < 0.05


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_comes_upright(rotation: int) -> None:
    lying = _marked().rotate(rotation, expand=True)  # anticlockwise, so that clockwise mends it
    page = _decoded(_bytes(lying, "PNG"), _view(rotation))
    assert page.size == (_WIDTH, _HEIGHT)
    assert _darkness(crop_zone(page, _view(), (21, 31, 18, 8), 0)) > 0.9


def test_a_skewed_page_is_straightened_as_the_station_did() -> None:
    lines = Image.new("L", (_WIDTH, _HEIGHT), "white")
    ImageDraw.Draw(lines).line((20, 300, 400, 300), fill="black", width=4)
    rising = lines.rotate(3.0, fillcolor="white")  # its line rises to the right: skew +3
    page = _decoded(_bytes(rising, "PNG"), _view(skew=3.0))
    assert _darkness(page.crop((40, 297, 380, 303))) > 0.5


def test_every_page_of_a_multi_page_file_is_found() -> None:
    blank = Image.new("L", (_WIDTH, _HEIGHT), "white")
    data = _bytes(blank, "TIFF", save_all=True, append_images=[_marked()])
    assert _darkness(_decoded(data, _view(index=1))) > _darkness(_decoded(data, _view()))


@pytest.mark.parametrize(
    "data", [b"", b"nothing", b"%PDF-1.7 nothing", _bytes(_marked(), "PNG")[:200]]
)
def test_what_cannot_be_decoded_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        _decoded(data, _view())


def test_a_page_that_is_not_there_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        _decoded(_bytes(_marked(), "PNG"), _view(index=3))


def test_a_box_outside_the_page_gives_something_to_look_at() -> None:
    assert min(crop_zone(_marked(), _view(), (500, 500, 10, 10), 0).size) > 0


def test_previews_are_as_wide_as_asked_and_never_wider_than_the_page() -> None:
    assert Image.open(io.BytesIO(encode_preview(_marked(), 240).data)).width == 240
    assert Image.open(io.BytesIO(encode_preview(_marked(), 2_000).data)).width == _WIDTH
    assert Image.open(io.BytesIO(encode_zone(_marked(), 100).data)).width == 100


def test_what_was_used_last_is_kept_up_to_a_size() -> None:
    made: list[int] = []
    kept: ByteLimitedCache[int, bytes] = ByteLimitedCache(20, len)

    def make(key: int) -> bytes:
        made.append(key)
        return b"0123456789"

    for key in (1, 2, 1, 3, 1, 2):
        kept.get(key, lambda key=key: make(key))  # type: ignore[misc]
    assert made == [1, 2, 3, 2]
