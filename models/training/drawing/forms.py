"""Draw the verified forms from their definitions: printed words, bars, tints, combs and boxes.

What is printed beside their fields was measured in millimetres on the same blanks as
``models/forms``, and is drawn by code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.training.drawing.fill import typefaces
from models.training.drawing.paper import Sheet
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, bounding_box


@dataclass(frozen=True, slots=True)
class Word:
    """Printed words: left end, base line, cap height in millimetres, typeface."""

    x: float
    y: float
    text: str
    height: float = 2.1
    face: str = "times"


@dataclass(frozen=True, slots=True)
class Look:
    """What is printed beside anchors and fields.

    ``bars`` are dark, with white words where an anchor stands in them; ``tints`` pale;
    ``panels`` framed; ``headed`` are anchors in bold; ``numbered`` end in a number that stands in
    the tick box behind their words. ``is_tinted`` fields lie in a tint with white separators, else
    in white cells or over a rule.
    """

    face: str
    is_tinted: bool
    bars: tuple[BoxMm, ...] = ()
    tints: tuple[BoxMm, ...] = ()
    panels: tuple[BoxMm, ...] = ()
    headed: tuple[str, ...] = ()
    numbered: tuple[str, ...] = ()
    words: tuple[Word, ...] = field(default=())


_BIRTH_NAME = "(nom de famille (de naissance) suivi du nom d'usage (facultatif et s'il y a lieu))"

_CARE_SHEET = Look(
    face="times",
    is_tinted=True,
    bars=(
        BoxMm(10.2, 20.0, 189.6, 4.4),
        BoxMm(10.2, 74.6, 189.6, 4.4),
        BoxMm(10.2, 120.3, 189.6, 4.4),
        BoxMm(10.2, 183.6, 189.6, 4.4),
        BoxMm(10.2, 237.9, 189.6, 4.2),
    ),
    tints=(
        BoxMm(10.2, 28.1, 190, 4.5),
        BoxMm(10.2, 35.7, 124.1, 5.5),
        BoxMm(10.2, 43.8, 87.2, 4.5),
        BoxMm(10.2, 53.0, 190, 4.5),
        BoxMm(10.2, 60.8, 124.1, 5.5),
        BoxMm(10.2, 69.9, 190, 4.5),
        BoxMm(10.2, 107.5, 92.2, 5.0),
        BoxMm(10.2, 114.1, 92.2, 5.0),
        BoxMm(103.6, 112.8, 96.4, 6.6),
        BoxMm(10.2, 125.0, 121.0, 4.6),
        BoxMm(133.2, 125.0, 66.8, 11.0),
        BoxMm(17.2, 131.4, 114.0, 4.6),
        BoxMm(16.4, 138.0, 183.6, 4.6),
        BoxMm(10.2, 145.0, 189.8, 4.4),
        BoxMm(10.2, 152.0, 189.8, 4.5),
        BoxMm(10.2, 159.0, 189.8, 4.6),
        BoxMm(10.2, 165.0, 189.8, 11.5),
        BoxMm(10.2, 178.0, 189.8, 5.0),
        BoxMm(10.2, 193.2, 189.8, 12.6),
        BoxMm(58.0, 243.3, 82.0, 8.2),
        BoxMm(10.2, 253.3, 189.8, 5.2),
        BoxMm(10.2, 260.6, 189.8, 12.0),
    ),
    headed=(
        "feuille de soins - médecin",
        "ADRESSE DE L'ASSURE(E)",
        "MEDECIN REMPLACANT",
        "MATERNITE",
        "acte conforme au protocole ALD",
        "action de prévention",
        "accident causé par un tiers :",
        "accès direct spécifique",
        "hors résidence habituelle",
        "médecin traitant remplacé",
        "accès hors coordination",
        "MONTANT TOTAL",
        "en euros (1+2+3)",
        "FSM 01-2011 S 3110j",
    ),
    words=(
        Word(155.8, 7.8, "numéro de facture (facultatif)", 1.9),
        Word(152.0, 18.2, "date", 2.1),
        Word(13.8, 27.6, "PERSONNE RECEVANT LES SOINS", 2.2, "times_bold"),
        Word(11.2, 31.6, "nom et prénom"),
        Word(11.0, 34.9, _BIRTH_NAME, 1.8),
        Word(11.2, 39.6, "numéro d'immatriculation"),
        Word(11.2, 56.5, "nom et prénom"),
        Word(11.0, 60.0, _BIRTH_NAME, 1.8),
        Word(11.2, 64.7, "numéro d'immatriculation"),
        Word(11.2, 111.0, "nom et prénom"),
        Word(115.2, 134.7, "autre", 2.0, "times_bold"),
        Word(59.6, 141.2, "non", 2.0, "times_bold"),
        Word(82.6, 141.2, "oui", 2.0, "times_bold"),
        Word(106.4, 141.2, "date", 2.0, "times_bold"),
        Word(18.2, 155.2, "AT/MP", 2.2, "times_bold"),
        Word(58.2, 155.2, "numéro", 2.0, "times_bold"),
        Word(131.0, 155.2, "ou", 2.0, "times_bold"),
        Word(152.0, 155.2, "date", 2.0, "times_bold"),
        Word(11.0, 171.6, "nom et prénom du médecin :", 2.1, "times_bold"),
        Word(51.8, 181.4, "urgence", 2.0, "times_bold"),
        Word(23.0, 203.4, "actes", 1.9, "arial"),
        Word(55.0, 203.4, "actes", 1.9, "arial"),
        Word(83.4, 197.0, "C, CS", 1.6, "arial"),
        Word(83.4, 199.6, "CNPSY", 1.6, "arial"),
        Word(83.4, 202.2, "V, VS", 1.6, "arial"),
        Word(97.0, 204.8, "CCAM", 1.6, "arial"),
        Word(132.0, 204.6, "facturés", 1.9, "arial"),
        Word(161.6, 204.4, "I.D. M.D.", 1.5, "arial"),
        Word(171.4, 204.4, "nbre", 1.7, "arial"),
        Word(184.0, 204.4, "montant", 1.7, "arial"),
        Word(96.0, 241.2, "PAIEMENT", 2.3, "times_bold"),
        Word(11.4, 270.6, "l'acte ou les actes", 2.0, "times_bold"),
        Word(
            10.2, 275.2,
            "Quiconque se rend coupable de fraude ou de fausse déclaration est passible de "
            "pénalités financières, d'amende et/ou d'emprisonnement",
            1.5, "arial",
        ),
        Word(
            10.2, 281.4,
            "En application de la loi du 6 janvier 1978 modifiée, vous pouvez demander la "
            "rectification des informations vous concernant auprès de votre organisme",
            1.5, "arial",
        ),
    ),
)  # fmt: skip

_ATTENDING_DOCTOR = Look(
    face="times",
    is_tinted=False,
    bars=(
        BoxMm(7.4, 31.4, 35.8, 3.9),
        BoxMm(164.6, 31.4, 35.8, 3.9),
        BoxMm(7.4, 128.6, 28.4, 3.9),
        BoxMm(173.6, 128.6, 28.4, 3.9),
        BoxMm(7.4, 194.2, 20.4, 3.9),
        BoxMm(182.0, 194.2, 20.4, 3.9),
    ),
    tints=(BoxMm(7.6, 203.6, 96.4, 9.2), BoxMm(105.0, 203.6, 96.4, 9.2)),
    panels=(
        BoxMm(7.6, 36.8, 193.8, 84.6),
        BoxMm(7.6, 134.0, 96.4, 54.0),
        BoxMm(104.0, 134.0, 97.4, 54.0),
        BoxMm(7.6, 203.6, 96.4, 56.6),
        BoxMm(104.0, 203.6, 97.4, 56.6),
    ),
    headed=(
        "DÉCLARATION DE CHOIX DU MÉDECIN TRAITANT",
        "IMPORTANT",
        "Identification de l'assuré(e) et du bénéficiaire des soins",
        "L'assuré(e)",
        "Le bénéficiaire des soins",
        "Identification de la structure d'exercice et du médecin traitant",
        "Déclaration conjointe du bénéficiaire des soins et du médecin traitant",
        "Raison sociale et adresse du cabinet, de l'établissement (*)",
        "Nom et prénom du médecin traitant",
        "Merci d'envoyer la déclaration complétée et signée à votre caisse d'assurance maladie.",
        "Bénéficiaire des soins",
        "Médecin traitant",
    ),
    words=(
        Word(9.2, 45.4, "Nom de famille (de naissance)", 2.1),
        Word(9.2, 48.2, "suivi du nom d'usage, s'il y a lieu", 1.6),
        Word(9.2, 51.6, "Prénom", 2.1),
        Word(9.2, 75.0, "Nom de famille (de naissance)", 2.1),
        Word(9.2, 77.8, "suivi du nom d'usage, s'il y a lieu", 1.6),
        Word(9.2, 81.6, "Prénom", 2.1),
        Word(106.4, 149.4, "Nom", 2.1),
        Word(106.4, 155.8, "Prénom", 2.1),
        Word(191.4, 279.4, "S 3704b", 2.2, "times_bold"),
    ),
)

_CARE_PROTOCOL = Look(
    face="times",
    is_tinted=True,
    bars=tuple(BoxMm(9.1, top, 190.2, 3.9) for top in (28.9, 72.3, 129.4, 217.9, 229.4)),
    tints=(
        *(
            BoxMm(9.3, top, 190.2, height)
            for top, height in (
                (33.9, 3.9),
                (38.2, 12.3),
                (55.2, 3.9),
                (63.8, 8.1),
                (80.6, 3.9),
                (85.0, 8.1),
                (97.8, 8.1),
                (106.4, 3.9),
                (111.1, 3.9),
                (115.6, 3.8),
                (120.3, 3.9),
                (124.8, 3.9),
                (134.0, 6.5),
                (141.6, 3.9),
                (146.4, 3.9),
                (151.3, 3.9),
                (156.0, 28.6),
                (185.2, 4.2),
                (190.1, 4.2),
                (195.1, 3.9),
                (208.0, 3.9),
                (213.1, 3.9),
                (223.6, 3.9),
                (234.7, 3.9),
                (240.0, 3.9),
                (245.4, 3.9),
                (254.3, 3.9),
                (258.8, 3.9),
                (263.1, 3.9),
            )
        ),
        BoxMm(9.3, 268.4, 142.5, 19.6),
    ),
    headed=("protocole de soins", "numéro d'immatriculation"),
    numbered=("ALD non exonérante 1", "ALD 30 (liste) 2", "ALD hors liste 3"),
    words=(
        Word(11.0, 257.4, "refus"),
        Word(11.0, 266.2, "date"),
        Word(79.9, 216.1, "oui"),
        Word(110.2, 216.1, "non"),
        Word(184.4, 226.8, "autre"),
        *(Word(10.6, top, "accord au titre de (2)") for top in (237.8, 243.2, 248.5)),
        *(Word(49.4, top, "du") for top in (237.8, 243.2, 248.5)),
        *(Word(98.8, top, "au") for top in (237.8, 243.2, 248.5)),
    ),
)

LOOKS: Mapping[str, Look] = MappingProxyType(
    {"S3110": _CARE_SHEET, "S3501": _CARE_PROTOCOL, "S3704": _ATTENDING_DOCTOR}
)


_PRINT, _BAR, _TINT, _RULE, _PAPER = 88, 96, 205, 200, 255
_PALE_PRINT = 150
_NUMBER_MM = 6.6  # from the end of a label to that of the number behind it
_IN_TABLE = (FieldKind.CODE, FieldKind.AMOUNT)
_PLAIN = Look(face="sans", is_tinted=False)


def blank(form: FormDefinition, dpi: int) -> NDArray[np.uint8]:
    """Draw a form's blank.

    Args:
        form: A verified form: its anchors and fields have boxes.
        dpi: Of the drawn sheet.
    """
    look = LOOKS.get(form.type, _PLAIN)
    faces = typefaces()
    sheet = Sheet(form.width_mm, form.height_mm, dpi)
    for box in look.tints:
        sheet.band(box, _TINT)
    for box in look.panels:
        sheet.frame(box, _RULE, 0.5)
    for box in look.bars:
        sheet.band(box, _BAR)
    for spec in form.fields:
        _field(sheet, spec, look)
    _anchors(sheet, form, look, faces)
    for number, spec in enumerate(_parted(form), start=1):
        _number(sheet, spec, str(number), faces[f"{look.face}_bold"])
    for word in look.words:
        ink = _PAPER if _in_bar(look, word.x, word.y - word.height / 2) else _PRINT
        sheet.text(word.x, word.y, word.text, faces[word.face], word.height, ink)
    return sheet.pixels()


def _anchors(sheet: Sheet, form: FormDefinition, look: Look, faces: Mapping[str, Path]) -> None:
    for anchor in form.anchors:
        box = anchor.box_mm
        if box is None or anchor.back:
            continue
        in_bar = _in_bar(look, box.left + box.width / 2, box.top + box.height / 2)
        bold = in_bar or anchor.text in look.headed
        face = faces[f"{look.face}_bold" if bold else look.face]
        text = anchor.text
        if text in look.numbered:  # the number is printed in the box
            text = text.rpartition(" ")[0]
            box = BoxMm(box.left, box.top, box.width - _NUMBER_MM, box.height)
        sheet.fitted(box, text, face, _PAPER if in_bar else _PRINT)


def _parted(form: FormDefinition) -> list[FieldSpec]:
    """The tick boxes with a number in their middle, in the order of the form."""
    return [spec for spec in form.fields if spec.kind is FieldKind.TICK and spec.boxes_mm]


def _number(sheet: Sheet, spec: FieldSpec, number: str, face: Path) -> None:
    if spec.box_mm is not None:
        left, right = spec.box_mm.left + spec.box_mm.width, spec.boxes_mm[0].left
        base = spec.box_mm.top + spec.box_mm.height * 0.88
        sheet.text((left + right) / 2, base, number, face, 2.2, _PALE_PRINT, "ms")


def _in_bar(look: Look, x: float, y: float) -> bool:
    return any(
        bar.left <= x <= bar.left + bar.width and bar.top <= y <= bar.top + bar.height
        for bar in look.bars
    )


def _field(sheet: Sheet, spec: FieldSpec, look: Look) -> None:
    if spec.cells_mm:
        _comb(sheet, spec, look)
    elif spec.box_mm is not None and spec.kind is FieldKind.TICK:
        _tick(sheet, bounding_box((spec.box_mm, *spec.boxes_mm)))
    elif spec.box_mm is not None and spec.kind is FieldKind.SIGNATURE:
        sheet.band(spec.box_mm, _PAPER)
    elif spec.box_mm is not None and look.is_tinted and spec.kind in _IN_TABLE:
        sheet.band(_grown(spec.box_mm, -0.2), _TINT)
    elif spec.box_mm is not None and not look.is_tinted and spec.box_mm.height < 9:
        for box in (spec.box_mm, *spec.boxes_mm):
            bottom = box.top + box.height
            sheet.rule(box.left, bottom, box.left + box.width, bottom, _RULE, 0.5)
            sheet.rule(box.left - 0.5, bottom - 3.0, box.left - 0.5, bottom, _RULE, 0.5)


def _tick(sheet: Sheet, box: BoxMm) -> None:
    sheet.band(_grown(box, 0.4), _TINT)
    sheet.band(box, _PAPER)


def _comb(sheet: Sheet, spec: FieldSpec, look: Look) -> None:
    around = bounding_box(spec.cells_mm)
    if not look.is_tinted:
        sheet.band(_grown(around, 0.9), _TINT)
        for cell in spec.cells_mm:
            sheet.band(_grown(cell, -0.2), _PAPER)
        return
    sheet.band(_grown(around, -0.1), _TINT)
    for left, right in zip(spec.cells_mm, spec.cells_mm[1:], strict=False):
        # White ticks part the cells in their lower half; a key stands apart.
        x, bottom = (left.left + left.width + right.left) / 2, left.top + left.height
        gap = max(0.35, right.left - left.left - left.width)
        sheet.band(BoxMm(x - gap / 2, bottom - left.height * 0.45, gap, left.height * 0.45), _PAPER)


def _grown(box: BoxMm, by: float) -> BoxMm:
    return BoxMm(box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by)
