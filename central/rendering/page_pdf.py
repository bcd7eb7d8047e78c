"""One page of a source file as a page of a PDF, its image as the scanner made it.

JPEG, PNG and one-strip G4 go in byte for byte; other bitonal and grey or colour data is packed
again without loss (img2pdf); a page of a PDF is picked as it is. What no PDF can show
(transparency, mirrored by a tag) is decoded once for the eye, and the page's own file goes along
as an attachment, so that nothing is lost.

This runs in a process of its own (central/rendering/binding_child.py), for what it opens comes from
strangers.
"""

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import img2pdf
import pikepdf
from PIL import Image, ImageOps

from central.pictures import attached
from central.pictures.tiff_frame import is_tiff, only_frame, unturned
from vaguemestre.model.document import DeliveryPage

_FORMATS = ("TIFF", "JPEG", "PNG", "BMP", "GIF", "JPEG2000", "WEBP")
"""As central/rendering/decode.py opens them: no other decoder can be talked into the job."""
_ORIENTATION = 0x0112
_TURN = {1: 0, 3: 180, 6: 90, 8: 270}  # the others are mirrored
_POINTS_A_MM = 72 / 25.4
_SMALLEST_MM, _LARGEST_MM = 2.0, 5_000.0
_HEAD_BYTES = 1_024
_MOST_PENDING = 32_000_000  # bytes
_OF_THE_WHOLE = ("/AcroForm", "/OCProperties")
"""What a form's fields and layers need of their file, besides their pages."""


class PageWriter:
    """Appends pages to a PDF that is saved before ``opened`` is closed.

    Args:
        made: Grows by a page at a time.
        opened: Closes what stays open until then.
        settle: Puts a PDF on the disk and gives it back, read from there: what is appended to a
            PDF stays in memory until then.
    """

    def __init__(
        self,
        made: pikepdf.Pdf,
        opened: contextlib.ExitStack,
        settle: Callable[[pikepdf.Pdf], pikepdf.Pdf],
    ) -> None:
        self._made, self._opened, self._settle = made, opened, settle
        self._pending, self._may_settle = 0, True
        self._pdfs: dict[bytes, pikepdf.Pdf] = {}

    @property
    def made(self) -> pikepdf.Pdf:
        """The PDF as it is now."""
        return self._made

    def append(self, page: DeliveryPage, file: BinaryIO) -> None:
        """Append one page of a source file, turned upright; the file is closed when it can be.

        Raises:
            ValueError: the source has no such page, or it cannot be decoded.
            OSError: no room on the disk.
        """
        with contextlib.ExitStack() as one:
            one.enter_context(file)
            if self._append(page, file):  # what is picked of a PDF is read when it is saved
                self._opened.push(one.pop_all())
        if self._pending > _MOST_PENDING and self._may_settle:
            self._made = self._settle(self._made)
            self._pending = 0

    def _append(self, page: DeliveryPage, file: BinaryIO) -> bool:
        """Whether the file is still needed."""
        file.seek(0)
        head = file.read(_HEAD_BYTES)
        if b"%PDF-" in head and attached.is_attached(page.index):
            file, inner = attached.opened(file, page.index)
            page = replace(page, sha256=_digest(file), index=inner)
            head = file.read(_HEAD_BYTES)
        if b"%PDF-" in head:
            is_new = page.sha256 not in self._pdfs
            self._pick(page, file)
            if page.is_negative:
                self._turn_over()
            return is_new
        image = _image(file, page.index, is_tiff(head))
        data, turn, own_file = _embed(image, page)
        with pikepdf.open(io.BytesIO(data)) as source:
            self._made.pages.append(source.pages[0])
        self._pending += len(data)
        self._made.pages[-1].rotate(turn, relative=True)
        if page.is_negative:
            self._turn_over()
        if own_file is not None:
            name = f"{len(self._made.pages):04}-{own_file.name}"
            self._made.attachments[name] = pikepdf.AttachedFileSpec(self._made, own_file.data)
        return False

    def _pick(self, page: DeliveryPage, file: BinaryIO) -> None:
        if page.sha256 not in self._pdfs:
            with _as_value_error():
                source = self._opened.enter_context(pikepdf.open(file))
                # Values that a form leaves for viewers to draw are drawn, so that all show them.
                source.generate_appearance_streams()
                self._pdfs[page.sha256] = source
        source = self._pdfs[page.sha256]
        # What belongs to the whole of a file would be taken over anew after settling.
        if any(key in source.Root for key in _OF_THE_WHOLE):
            self._may_settle = False
        if page.index >= len(source.pages):
            raise ValueError("no such page")
        with _as_value_error():  # what was filled in, and what layers hide, comes along
            self._made.add_pages_from(source, [page.index], outlines="ignore")
        self._made.pages[-1].rotate(page.rotation, relative=True)
        self._pending += file.seek(0, 2) // max(1, len(source.pages))

    def _turn_over(self) -> None:
        """Show the last page with light and dark exchanged; its image stays as it is."""
        page = self._made.pages[-1]
        state = pikepdf.Dictionary(Type=pikepdf.Name.ExtGState, BM=pikepdf.Name.Difference)
        name = page.add_resource(self._made.make_indirect(state), pikepdf.Name.ExtGState)
        left, lower, right, upper = (float(side) for side in page.mediabox)
        white = f"q {name} gs 1 g {left} {lower} {right - left} {upper - lower} re f Q"
        page.contents_add(b"q", prepend=True)
        page.contents_add(b"Q " + white.encode())
        page.obj.Group = pikepdf.Dictionary(
            S=pikepdf.Name.Transparency, CS=pikepdf.Name.DeviceRGB, I=True
        )


def _digest(file: BinaryIO) -> bytes:
    file.seek(0)
    digest = hashlib.sha256(file.read()).digest()
    file.seek(0)
    return digest


@dataclass(frozen=True, slots=True)
class _OwnFile:
    """A page's own file, where the PDF shows a decoded copy."""

    name: str
    data: bytes


def _image(file: BinaryIO, index: int, may_have_frames: bool) -> bytes:
    if may_have_frames:
        try:
            return only_frame(file, index)
        except ValueError:
            return _decoded_frame(file, index)
    if index:
        raise ValueError("no such page")
    file.seek(0)
    return file.read()


def _decoded_frame(file: BinaryIO, index: int) -> bytes:
    """Let Pillow find the page: BigTIFF, old-style JPEG, odd directories."""
    file.seek(0)
    with _as_value_error(), Image.open(file, formats=_FORMATS) as image:
        image.seek(index)
        return _png(image.copy(), image.info.get("dpi"))


def _embed(image: bytes, page: DeliveryPage) -> tuple[bytes, int, _OwnFile | None]:
    with _as_value_error(), Image.open(io.BytesIO(image), formats=_FORMATS) as opened:
        turn = _TURN.get(int(opened.getexif().get(_ORIENTATION, 1)))
        suffix = (opened.format or "image").lower()
    if turn is not None:
        total = (turn + page.rotation) % 360
        # img2pdf, Pillow and struct share no base for "this cannot go in as it is".
        with contextlib.suppress(Exception):
            return _convert(unturned(image), page, total), total, None
    with _as_value_error(), Image.open(io.BytesIO(image), formats=_FORMATS) as opened:
        shown = _png(ImageOps.exif_transpose(opened), opened.info.get("dpi"))
        pdf = _convert(shown, page, page.rotation)
    name = f"page-{page.sha256.hex()[:12]}-{page.index}.{suffix}"
    return pdf, page.rotation, _OwnFile(name, image)


def _convert(image: bytes, page: DeliveryPage, turn: int) -> bytes:
    width, height = page.width_mm, page.height_mm
    if turn in (90, 270):
        width, height = height, width
    if not all(_SMALLEST_MM <= side <= _LARGEST_MM for side in (width, height)):
        return bytes(img2pdf.convert(image, rotation=img2pdf.Rotation.none))
    points = (width * _POINTS_A_MM, height * _POINTS_A_MM)
    return bytes(
        img2pdf.convert(
            image, layout_fun=lambda *_: points + points, rotation=img2pdf.Rotation.none
        )
    )


def _png(image: Image.Image, dpi: tuple[float, float] | None) -> bytes:
    """Encode without loss what is to be seen: transparency over white, 16 grey bits kept."""
    if image.has_transparency_data:
        flat = Image.new("RGBA", image.size, "white")
        flat.alpha_composite(image.convert("RGBA"))
        image = flat.convert("RGB")
    elif image.mode not in ("1", "L", "P", "RGB", "I;16"):
        image = image.convert("I;16" if image.mode.startswith("I") else "RGB")
    out = io.BytesIO()
    image.save(out, "PNG", dpi=tuple(float(side) or 200.0 for side in dpi or (200, 200)))
    return out.getvalue()


@contextlib.contextmanager
def _as_value_error() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Pillow's decoders raise anything for damaged bytes
        raise ValueError(type(error).__name__) from error
