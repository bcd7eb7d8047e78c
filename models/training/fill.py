"""Fill a form by program: values typed on its lines, typed or written in its combs.

Works on any picture of the form, real blank or drawn, as long as the form's own millimetres
map onto the whole picture.
"""

import random
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.extraction.combs import bounds
from models.training import people
from models.training import values as training_values
from models.training.handwriting import Handwriting
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition

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
                pen.text(bounds(spec.cells_mm), _as_typed(spec, value), 2.6)
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
            pen.cross(bounds((spec.box_mm, *spec.boxes_mm)))
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
    patient, doctor = people.person(rng), people.person(rng)
    doctor_id = people.with_luhn(rng, 11, "10")
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
    insured, doctor = people.person(rng), people.person(rng)
    siret = people.siret(rng)
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
        "practitioner_id": people.with_luhn(rng, 11, "10"),
        "declared_beneficiary": f"{insured.given_names} {insured.surname}",
        "declared_practitioner": f"{doctor.given_names} {doctor.surname}",
        "beneficiary_signature": "true",
        "practitioner_signature": "true",
        "date": _date(rng),
    }


def _date(rng: random.Random) -> str:
    return f"{rng.choice((2025, 2026))}-{rng.randint(1, 10):02d}-{rng.randint(1, 28):02d}"
