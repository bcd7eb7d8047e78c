"""Fill a form by program: values typed on its lines, typed or written by hand in its combs.

Works on any picture of the form, real blank or drawn, as long as the form's millimetres map onto
the whole picture. Handwriting is real digits and letters of handwriting fonts. Fonts come from
Debian packages and are found through fontconfig (models/training/README.md lists the packages);
without them, those of the reportlab package serve, and nothing is held out. A held-out family is
never used in training: evaluation draws with nothing else.
"""

import functools
import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.ocr.lines import fold_text
from models.training.cells.glyphs import Part, Source
from models.training.drawing import people as training_values
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, bounding_box

_INK = (15, 90)  # grey
_HEIGHT = (0.58, 0.85)  # of the cell's, but no more than _TALLEST_MM
_TALLEST_MM = 4.2
_DRIFT_MM, _LOOSE_MM = 0.3, 0.22  # of the whole page, of each character
_UNEVEN = 0.09  # of a character's height against the others


class Handwriting:
    """One person's writing on one page."""

    def __init__(self, part: Part, rng: random.Random) -> None:
        self._chance = np.random.default_rng(rng.getrandbits(32))
        self._source = Source(part, True, self._chance, is_plain=True)
        self._ink = int(self._chance.integers(*_INK))
        self._share = float(self._chance.uniform(*_HEIGHT))
        self._drift = self._chance.normal(0, _DRIFT_MM, 2).clip(-2 * _DRIFT_MM, 2 * _DRIFT_MM)

    def write(self, image: Image.Image, cell: BoxMm, char: str, x_px: float, y_px: float) -> None:
        """Write one character.

        Args:
            image: The page, grey; changed.
            cell: Where, in millimetres.
            char: A digit or a capital.
            x_px: Pixels a millimetre, across.
            y_px: Pixels a millimetre, down.
        """
        glyph, share = self._source.glyph(char)
        usual = min(cell.height, _TALLEST_MM / self._share) * self._share * min(share, 1.3)
        high = usual * float(np.exp(self._chance.normal(0, _UNEVEN)))
        wide = high * glyph.shape[1] / glyph.shape[0]
        if wide > cell.width:
            high, wide = high * cell.width / wide, cell.width
        size = (max(1, round(wide * x_px)), max(1, round(high * y_px)))
        ink = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)
        off = self._drift + self._chance.normal(0, _LOOSE_MM, 2)
        x = (cell.left + cell.width / 2 + off[0]) * x_px - size[0] / 2
        y = (cell.top + cell.height / 2 + off[1]) * y_px - size[1] / 2
        image.paste(self._ink, (round(x), round(y)), Image.fromarray(np.asarray(ink, np.uint8)))


_DARK = (18, 75)  # grey of the ink


_TYPEFACES = {
    "sans": "Vera.ttf",
    "sans_bold": "VeraBd.ttf",
    "arial": "_a______.pfb",
    "arial_bold": "_ab_____.pfb",
    "times": "_er_____.pfb",
    "times_bold": "_eb_____.pfb",
    "typewriter": "com_____.pfb",
    "typewriter_bold": "cob_____.pfb",
}


def typefaces() -> dict[str, Path]:
    """Fonts that come with the reportlab package and hold all French letters, by kind."""
    root = Path(str(metadata.distribution("reportlab").locate_file("reportlab/fonts")))
    return {name: root / file for name, file in _TYPEFACES.items()}


def fill(
    background: NDArray[np.uint8],
    form: FormDefinition,
    values: Mapping[str, str],
    *,
    font: Path,
    rng: random.Random,
    across: bool = False,
    hand: Handwriting | None = None,
) -> NDArray[np.uint8]:
    """Write values into a form.

    Args:
        background: The blank, grey, height × width.
        form: Verified: with boxes.
        values: By field name, in the shape that ``edge.extraction`` gives back (NIR without
            spaces, ISO dates, ``26.50``, ``true`` for ticks and signatures).
        font: A TrueType file.
        rng: Jitter of place, size and ink.
        across: Type each comb's value as one string over it, as whoever finds no key to step
            from cell to cell does.
        hand: Writes in the combs' cells instead of the typeface.
    """
    image = Image.fromarray(background)
    x_scale, y_scale = image.width / form.width_mm, image.height / form.height_mm
    pen = _Pen(image, font, x_scale, y_scale, rng, hand)
    for spec in form.fields:
        if value := values.get(spec.name):
            if across and spec.cells_mm:
                pen.text(bounding_box(spec.cells_mm), _as_typed(spec, value), 2.6)
            else:
                _write(pen, spec, value)
    return np.asarray(image, np.uint8)


class _Pen:
    def __init__(
        self,
        image: Image.Image,
        font: Path,
        x_scale: float,
        y_scale: float,
        rng: random.Random,
        hand: Handwriting | None,
    ) -> None:
        self.draw, self.rng = ImageDraw.Draw(image), rng
        self._image, self._hand = image, hand
        self._font, self._x_scale, self._y_scale = font, x_scale, y_scale
        self.ink = rng.randint(*_DARK)
        self.drift = (rng.uniform(-0.4, 0.4), rng.uniform(-0.35, 0.35))

    def text(self, box: BoxMm, text: str, height_mm: float, *, centred: bool = False) -> None:
        """Write in a box; the text stands on the box's middle, its cap height ``height_mm``."""
        size = max(6, round(height_mm * 1.38 * self._y_scale))
        font = ImageFont.truetype(str(self._font), size)
        limit = box.width * self._x_scale
        while not centred and size > 6 and font.getlength(text) > limit:
            size -= 1
            font = ImageFont.truetype(str(self._font), size)
        x = (box.left + (box.width / 2 if centred else 1.0) + self.drift[0]) * self._x_scale
        y = (box.top + box.height / 2 + self.drift[1]) * self._y_scale
        self.draw.text((x, y), text, fill=self.ink, font=font, anchor="mm" if centred else "lm")

    def character(self, cell: BoxMm, char: str) -> None:
        """Write one character in the middle of its cell, by hand when a hand writes."""
        if self._hand is not None:
            self._hand.write(self._image, cell, char, self._x_scale, self._y_scale)
        else:
            self.text(cell, char, min(2.9, cell.height * 0.66), centred=True)

    def cross(self, box: BoxMm) -> None:
        """Two strokes from corner to corner."""
        inset = 0.9
        x0, y0 = (box.left + inset) * self._x_scale, (box.top + inset) * self._y_scale
        x1 = (box.left + box.width - inset) * self._x_scale
        y1 = (box.top + box.height - inset) * self._y_scale
        width = max(1, round(0.45 * self._x_scale))
        self.draw.line((x0, y0, x1, y1), fill=self.ink, width=width)
        self.draw.line((x0, y1, x1, y0), fill=self.ink, width=width)

    def scribble(self, box: BoxMm) -> None:
        """A signature: one wild line."""
        points = [
            (
                (box.left + box.width * (0.2 + 0.6 * i / 14)) * self._x_scale,
                (box.top + box.height * self.rng.uniform(0.2, 0.8)) * self._y_scale,
            )
            for i in range(15)
        ]
        self.draw.line(points, fill=self.ink, width=max(1, round(0.35 * self._x_scale)))


def _write(pen: _Pen, spec: FieldSpec, value: str) -> None:
    if spec.kind is FieldKind.TICK and spec.box_mm is not None:
        if value == "true":
            pen.cross(bounding_box((spec.box_mm, *spec.boxes_mm)))
    elif spec.kind is FieldKind.SIGNATURE and spec.box_mm is not None:
        if value == "true":
            pen.scribble(spec.box_mm)
    elif spec.cells_mm:
        chars = _in_cells(spec, value)
        for cell, char in zip(spec.cells_mm, chars, strict=False):
            if char != " ":
                pen.character(cell, char)
    elif spec.box_mm is not None:
        boxes = (spec.box_mm, *spec.boxes_mm)
        height = min(2.6, spec.box_mm.height * 0.58)
        lines = value.split("\n")
        if spec.box_mm.height > 9:
            boxes = tuple(
                BoxMm(
                    spec.box_mm.left + 2, spec.box_mm.top + 2 + 4.6 * i, spec.box_mm.width - 4, 4.4
                )
                for i in range(len(lines))
            )
        for box, line in zip(boxes, lines, strict=False):
            pen.text(box, line, height)


def _in_cells(spec: FieldSpec, value: str) -> str:
    """The characters of a comb, from its first cell; amounts end in its last."""
    if spec.kind is FieldKind.DATE:
        year, month, day = value.split("-")
        return day + month + year
    if spec.kind is FieldKind.AMOUNT:
        return value.replace(".", "").rjust(len(spec.cells_mm))
    return value


def _as_typed(spec: FieldSpec, value: str) -> str:
    """A comb's value with the separators that people type."""
    if spec.kind is FieldKind.DATE:
        return "/".join(reversed(value.split("-")))
    if spec.kind is FieldKind.AMOUNT:
        return value.replace(".", ",")
    return value


def plausible_values(form: FormDefinition, rng: random.Random) -> dict[str, str]:
    """Values that somebody could have written on a form: on an S3110 or S3704 they fit together."""
    makers = {"S3110": _care_sheet, "S3704": _attending_doctor}
    maker = makers.get(form.type)
    return training_values.of_form(form, rng) if maker is None else maker(rng)


def _care_sheet(rng: random.Random) -> dict[str, str]:
    patient, doctor = training_values.person(rng), training_values.person(rng)
    doctor_id = training_values.with_luhn(rng, 11, "10")
    acts = rng.randint(1, 3)
    amounts = [
        rng.choice((2650, 3000, 4650, 5500, 1920, rng.randint(500, 19999))) for _ in range(acts)
    ]
    values = {
        "date": _date(rng),
        "beneficiary_name": f"{patient.surname} {patient.given_names}",
        "nir": patient.nir,
        "birth_date": patient.born.isoformat(),
        "address": f"{patient.street} {patient.postcode} {patient.town}",
        "practitioner": f"DR {doctor.given_names} {doctor.surname}\n{doctor_id}",
        "illness": "true",
        "total": f"{sum(amounts) / 100:.2f}",
        "practitioner_signature": "true",
        "insured_signature": "true",
        rng.choice(("direct_access", "emergency", "attending_doctor_replaced")): "true",
    }
    for i, cents in enumerate(amounts):
        suffix = "" if i == 0 else f"_{i + 1}"
        values[f"act_date{suffix}"] = _date(rng)
        values[f"act_code{suffix}"] = rng.choice(("G", "GS", "CS", "DEQP003", "YYYY010", "MPC"))
        values[f"amount{suffix}"] = f"{cents / 100:.2f}"
    return values


def _attending_doctor(rng: random.Random) -> dict[str, str]:
    insured, doctor = training_values.person(rng), training_values.person(rng)
    siret = training_values.siret(rng)
    return {
        "insured_surname": insured.surname,
        "insured_given_names": insured.given_names,
        "nir": insured.nir,
        "beneficiary_surname": insured.surname,
        "beneficiary_given_names": insured.given_names,
        "birth_date": insured.born.isoformat(),
        "address": f"{insured.street}\n{insured.postcode} {insured.town}",
        "structure": f"CABINET MÉDICAL\n{doctor.street}\n{doctor.postcode} {doctor.town}",
        "structure_id": siret,
        "practitioner_surname": doctor.surname,
        "practitioner_given_names": doctor.given_names,
        "practitioner_id": training_values.with_luhn(rng, 11, "10"),
        "declared_beneficiary": f"{insured.given_names} {insured.surname}",
        "declared_practitioner": f"{doctor.given_names} {doctor.surname}",
        "beneficiary_signature": "true",
        "practitioner_signature": "true",
        "date": _date(rng),
    }


def _date(rng: random.Random) -> str:
    return f"{rng.choice((2025, 2026))}-{rng.randint(1, 10):02d}-{rng.randint(1, 28):02d}"


_TYPED = (
    "Anonymous Pro", "Baskervald ADF Std", "C059", "Cabin", "Caladea", "Cantarell", "Carlito",
    "Charis SIL", "Clear Sans", "Courier Prime", "DejaVu Sans", "DejaVu Sans Mono",
    "DejaVu Serif", "EB Garamond", "FreeMono", "FreeSans", "FreeSerif", "Gentium Plus", "Hack",
    "Karla", "Latin Modern Mono", "Latin Modern Roman", "Latin Modern Sans", "Lato",
    "Liberation Mono", "Liberation Sans", "Liberation Sans Narrow", "Liberation Serif",
    "Linux Biolinum O", "Linux Libertine O", "Manrope", "Nimbus Mono PS", "Nimbus Roman",
    "Nimbus Sans", "Nimbus Sans Narrow", "Noto Sans", "Noto Serif", "Old Standard TT",
    "Open Sans", "P052", "Quattrocento", "Roboto", "Roboto Condensed", "TeX Gyre Adventor",
    "TeX Gyre Bonum", "TeX Gyre Cursor", "TeX Gyre Schola", "Tuffy", "URW Bookman", "URW Gothic",
    "Universalis ADF Std", "Vollkorn",
)  # fmt: skip
_HAND = (
    "Because We Build", "Because We Learn", "Breip", "Comic Neue", "Dancing Script", "Delphine",
    "DkgHandwriting", "Ecolier_court", "Humor Sans", "Isabella", "Joscelyn", "Klee One", "Kristi",
    "Rufscript", "Steve", "Yusei Magic", "Z003", "femkeklaver",
)  # fmt: skip
HELD_OUT = frozenset((
    "Caladea", "Clear Sans", "Courier Prime", "Lato", "Linux Libertine O", "Nimbus Sans Narrow",
    "TeX Gyre Schola", "Universalis ADF Std", "Humor Sans", "Rufscript", "Klee One",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """A family: its regular and bold files; ``is_french`` when it holds all accents."""

    family: str
    regular: Path
    bold: Path
    is_hand: bool = False
    is_french: bool = True

    def spelt(self, text: str) -> str:
        """The text as this face can write it: without accents when it has none."""
        return text if self.is_french else _unaccented(text)


@dataclass(frozen=True, slots=True)
class Cabinet:
    """The faces of one purpose, training or evaluation."""

    typed: tuple[Face, ...]
    hand: tuple[Face, ...]

    def draw(self, rng: random.Random, share_hand: float = 0.0) -> Face:
        """A face by chance, a handwritten one with the given probability."""
        return rng.choice(self.hand if self.hand and rng.random() < share_hand else self.typed)


@functools.cache
def cabinet(held_out: bool) -> Cabinet:
    """The installed faces, either those for training or those held out for evaluation."""
    found = _installed()
    typed = [face for name in _TYPED if (face := _face(name, found, is_hand=False))]
    hand = [face for name in _HAND if (face := _face(name, found, is_hand=True))]
    chosen = [face for face in typed if (face.family in HELD_OUT) == held_out]
    written = [face for face in hand if (face.family in HELD_OUT) == held_out]
    return Cabinet(tuple(chosen or _fallback()), tuple(written))


def _face(name: str, found: dict[str, dict[str, Path]], *, is_hand: bool) -> Face | None:
    styles = found.get(name)
    if not styles:
        return None
    regular = _first(styles, ("Regular", "Book", "Roman", "Medium", "10 Regular", "Standard"))
    bold = _first(styles, ("Bold", "10 Bold", "Demi", "SemiBold", "Demi Bold"), regular)
    return Face(name, regular, bold, is_hand, "french" in styles)


def _first(styles: dict[str, Path], wanted: Sequence[str], otherwise: Path | None = None) -> Path:
    for style in wanted:
        if style in styles:
            return styles[style]
    files = [path for style, path in styles.items() if style != "french"]
    return otherwise or files[0]


def _installed() -> dict[str, dict[str, Path]]:
    """Family to style to file; the key ``french`` marks a family that holds all accents."""
    program = shutil.which("fc-list")
    if program is None:
        return {}
    form = "%{family[0]}\t%{style[0]}\t%{file}\n"
    found: dict[str, dict[str, Path]] = {}
    for pattern in (":", ":lang=fr"):
        listed = subprocess.run(  # noqa: S603  (fixed arguments)
            [program, pattern, "--format", form], capture_output=True, text=True, check=True
        ).stdout
        for row in sorted(listed.splitlines()):
            family, style, file = row.split("\t")
            styles = found.setdefault(family, {})
            styles["french" if pattern != ":" else style] = Path(file)
    return found


def _fallback() -> list[Face]:
    faces = typefaces()
    kinds = ("sans", "arial", "times", "typewriter")
    return [Face(kind, faces[kind], faces[f"{kind}_bold"]) for kind in kinds]


def _unaccented(text: str) -> str:
    """As ``fold_text`` does it, but case, apostrophes and spaces stay; other signs are left out."""
    return "".join(
        letter if letter.isascii() else (base.upper() if letter.isupper() else base)
        for letter in text
        if (base := fold_text(letter)).isascii()
    )
