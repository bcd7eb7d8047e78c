"""The demo's sample lots, drawn with their truth beside them.

Four lots as a site would drop them: feuilles de soins as one multi-page TIFF, médecins traitants
as a directory of images, a Kodak tree with its index files, and mixed mail with separator
sheets. The truth tells each document's type, pôle and values, in order.
"""

import argparse
import dataclasses
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from edge import sheets
from models.training.drawing import degrade, fill, forms
from models.training.drawing import mail as drawing_mail
from vaguemestre import pack
from vaguemestre.model.lot import LotHeader

Pixels = NDArray[np.uint8]

_DPI = 200


@dataclasses.dataclass(frozen=True, slots=True)
class TrueDocument:
    """What a document is; ``values`` are those written on it; ``pages`` counts its images."""

    type: str
    pole: str
    values: Mapping[str, str]
    pages: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class TrueLot:
    """A lot: its name in the folder, images in all, documents in order."""

    name: str
    pages: int
    documents: tuple[TrueDocument, ...]


class Artist:
    """Draws one page after the other; the same seed draws the same pages."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._pack = pack.load(pack.default_dir())
        self._faces = list(fill.typefaces().values())

    def form(self, kind: str) -> tuple[Pixels, TrueDocument]:
        """A filled and scanned form."""
        form = self._pack.forms[kind]
        values = fill.plausible_values(form, self.rng)
        blank = forms.blank(form, _DPI)
        page = fill.fill(blank, form, values, font=self.rng.choice(self._faces), rng=self.rng)
        return self.scan(page), self.document(kind, values)

    def mail(
        self, kind: str, draw: Callable[[random.Random, int, Path], Pixels]
    ) -> tuple[Pixels, TrueDocument]:
        """A page of other mail."""
        page = draw(self.rng, _DPI, self.rng.choice(self._faces))
        return self.scan(page), self.document(kind, {})

    def scan(self, page: Pixels) -> Pixels:
        """The page as a scanner sees it."""
        return degrade.scan(page, self.rng)

    def document(self, kind: str, values: Mapping[str, str]) -> TrueDocument:
        """The truth of one document of La Rochelle's fund."""
        return TrueDocument(kind, self._pack.plan.of(kind, "17").pole, values)


def draw_lots(out: Path, seed: int) -> tuple[TrueLot, ...]:
    """Draw all lots and ``truth.json`` below ``out``; the same seed draws the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    artist = Artist(seed)
    lots = (
        care_sheets(out, artist, "FSP-0001", 6),
        attending_doctors(out, artist, "DMT-0002", 5),
        kodak_tree(out, artist, "B0003", 3),
        _mixed_mail(out, artist),
    )
    truth = [dataclasses.asdict(lot) for lot in lots]
    (out / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")
    return lots


def care_sheets(out: Path, artist: Artist, name: str, count: int) -> TrueLot:
    """Feuilles de soins as one multi-page TIFF."""
    drawn = [artist.form("S3110") for _ in range(count)]
    file = f"{name}.tif"
    _save_tiff(out / file, [page for page, _ in drawn], "tiff_lzw")
    return TrueLot(file, count, tuple(truth for _, truth in drawn))


def attending_doctors(out: Path, artist: Artist, name: str, count: int) -> TrueLot:
    """Médecins traitants as a directory of images, every other one upside down."""
    folder = out / name
    folder.mkdir(exist_ok=True)
    truths = []
    for number in range(1, count + 1):
        page, truth = artist.form("S3704")
        if number % 2 == 0:
            page = np.rot90(page, 2)
        _save(folder / f"{number:04d}.jpg", page, quality=85)
        truths.append(truth)
    return TrueLot(name, count, tuple(truths))


def kodak_tree(out: Path, artist: Artist, name: str, count: int) -> TrueLot:
    """Feuilles de soins as Kodak Capture leaves them: a folder and an index each."""
    truths = []
    for number in range(1, count + 1):
        folder = out / name / f"{number:08d}"
        folder.mkdir(parents=True, exist_ok=True)
        page, truth = artist.form("S3110")
        _save_tiff(folder / "1.TIF", [page], "tiff_deflate")
        record = f'"I01q";"1";"{number:08d}";"1";"1";"0"\r\n'
        (folder / "IDX.DAT").write_text(record, "ascii", newline="")
        truths.append(truth)
    return TrueLot(name, count, tuple(truths))


def _mixed_mail(out: Path, artist: Artist) -> TrueLot:
    header = LotHeader(process="AUTRE", fund="17")
    upside_down, care = artist.form("S3110")
    letter, letter_truth = artist.mail("courrier", drawing_mail.typed_letter)
    envelope, envelope_truth = artist.mail("pnd", drawing_mail.returned_envelope)
    script, script_truth = artist.mail("ordonnance", drawing_mail.prescription)
    bank, bank_truth = artist.mail("rib", drawing_mail.bank_details)
    foreign, foreign_truth = artist.mail("misdirected", drawing_mail.others_form)
    separator = printed(sheets.separator_sheets_pdf(1))
    blank = artist.scan(np.full((2339, 1654), 255, np.uint8))
    pages = [
        printed(sheets.header_sheet_pdf(header, "MIXTE-0004")),
        np.rot90(upside_down, 2),
        separator,
        envelope,
        separator,
        letter,
        blank,
        separator,
        separator,
        script,
        separator,
        bank,
        separator,
        foreign,
    ]
    _save_tiff(out / "MIXTE-0004.tif", [degrade.bitonal(page) for page in pages], "group4")
    letter_truth = dataclasses.replace(letter_truth, pages=2)
    documents = (care, envelope_truth, letter_truth, script_truth, bank_truth, foreign_truth)
    return TrueLot("MIXTE-0004.tif", len(pages), documents)


def printed(pdf: bytes) -> Pixels:
    """The first page of a PDF as a scanner would see it."""
    with pypdfium2.PdfDocument(pdf) as document:
        image = document[0].render(scale=_DPI / 72, grayscale=True).to_numpy()
    return np.ascontiguousarray(np.asarray(image, np.uint8).reshape(image.shape[0], image.shape[1]))


def _save_tiff(path: Path, pages: Sequence[Pixels], compression: str) -> None:
    images = [Image.fromarray(np.ascontiguousarray(page)) for page in pages]
    if compression == "group4":
        images = [image.convert("1") for image in images]
    images[0].save(
        path,
        "TIFF",
        save_all=True,
        append_images=images[1:],
        compression=compression,
        dpi=(_DPI, _DPI),
    )


def _save(path: Path, page: Pixels, quality: int) -> None:
    encoded, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not encoded:
        raise ValueError(f"{path.name} could not be encoded")
    path.write_bytes(data.tobytes())


def main() -> None:
    """Draw below the folder given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw_lots(options.out, options.seed)


if __name__ == "__main__":
    main()
