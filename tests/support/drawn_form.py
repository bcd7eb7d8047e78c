"""A form that exists nowhere, drawn by code: to be enrolled, filled and degraded by tests."""

import random

import numpy as np
from numpy.typing import NDArray

from models.training.drawing import degrade, people
from models.training.drawing.fill import typefaces
from models.training.drawing.paper import A4, Sheet
from vaguemestre.model.document import BoxMm

DPI = 200
TITLE = "Demande de carte de pêche annuelle"
COMB = tuple(BoxMm(60 + 5.0 * i, 91, 5.0, 6.0) for i in range(8))
BOX = BoxMm(20.0, 120.0, 4.0, 4.0)
LINE = (60.0, 78.0, 190.0)  # left, base, right

_PRINT = (
    (20, 40, "À remplir en lettres majuscules", 2.4),
    (20, 58, "Identification du demandeur", 3.0),
    (20, 77, "Nom et prénom", 2.6),
    (20, 96, "Date de naissance", 2.6),
    (28, 123.5, "Première inscription", 2.6),
    (20, 150, "Fédération des pêcheurs de la rivière", 2.6),
    (20, 170, "Le règlement intérieur est affiché au bureau", 2.6),
    (120, 200, "Cachet du responsable", 2.6),
    (20, 230, "Joindre une photographie récente", 2.6),
    (20, 270, "Modèle déposé pour les associations", 2.2),
)


def blank(offset_mm: float = 0.0) -> NDArray[np.uint8]:
    """The form, its print shifted down by ``offset_mm``."""
    face = typefaces()["sans"]
    sheet = Sheet(*A4, DPI)
    sheet.text(105, 25 + offset_mm, TITLE, typefaces()["sans_bold"], 5.0, 20, "ms")
    for x, y, text, height in _PRINT:
        sheet.text(x, y + offset_mm, text, face, height, 20)
    left, base, right = LINE
    sheet.rule(left, base + offset_mm, right, base + offset_mm, 20, 0.25)
    bottom = COMB[0].top + COMB[0].height + offset_mm
    end = COMB[-1].left + COMB[-1].width
    sheet.rule(COMB[0].left, bottom, end, bottom, 20, 0.25)
    for tooth in (*(cell.left for cell in COMB), end):
        sheet.rule(tooth, bottom - 3, tooth, bottom, 20, 0.25)
    sheet.frame(BoxMm(BOX.left, BOX.top + offset_mm, BOX.width, BOX.height), 20, 0.3)
    return sheet.pixels()


def filled(seed: int) -> NDArray[np.uint8]:
    """The form filled, scanned a little askew, in black and white for odd seeds."""
    rng = random.Random(seed)
    someone = people.person(rng)
    sheet = Sheet(*A4, DPI)
    face = typefaces()["typewriter"]
    sheet.text(LINE[0] + 2, LINE[1] - 1, f"{someone.surname} {someone.given_names}", face, 2.8)
    for cell, digit in zip(COMB, f"{someone.born:%d%m%Y}", strict=True):
        sheet.text(cell.left + 2.5, cell.top + 5, digit, face, 3.0, anchor="ms")
    page = degrade.scan(np.minimum(blank(), sheet.pixels()), rng)
    return degrade.bitonal(page) if seed % 2 else page
