"""Rules, combs and boxes of a blank become zones that a person can check."""

import numpy as np
import pytest

from edge.enrolment import form_file, proposal, structure
from edge.enrolment.learn import learn_form
from edge.enrolment.proposal import PrintedWords
from edge.enrolment.structure import Comb, PrintedStructure
from edge.pipeline.page import FormSample
from edge.results import BoxPx, TextLine
from models.training.drawing import forms as drawn_forms
from tests.edge.classification.test_registration import load
from tests.support import drawn_form
from vaguemestre.model.document import BoxMm, Layout
from vaguemestre.model.forms import (
    Anchor,
    FieldKind,
    FieldSpec,
    FormDefinition,
    NumberCheck,
    parse_form,
)


def _near(a: BoxMm, b: BoxMm, within: float) -> bool:
    return all(abs(x - y) <= within for x, y in zip(a, b, strict=True))


def test_a_comb_a_line_and_a_tick_box_are_found_where_they_stand() -> None:
    found = structure.find_structure(drawn_form.blank(), drawn_form.DPI)

    (comb,) = found.combs
    assert len(comb.cells) == len(drawn_form.COMB)
    assert all(abs(a.left - b.left) < 0.4 for a, b in zip(comb.cells, drawn_form.COMB, strict=True))
    assert any(_near(box, drawn_form.BOX, 0.7) for box in found.ticks)
    left, base, right = drawn_form.LINE
    assert any(
        abs(line.left - left) < 0.5
        and abs(line.left + line.width - right) < 0.5
        and abs(line.top - base) < 0.5
        for line in found.lines
    )


def test_the_base_of_a_comb_is_no_line_to_write_on() -> None:
    found = structure.find_structure(drawn_form.blank(), drawn_form.DPI)

    base = drawn_form.COMB[0].top + drawn_form.COMB[0].height
    assert not any(abs(line.top - base) < 1.0 for line in found.lines)


def test_combs_parted_by_white_strokes_in_a_tint_are_found() -> None:
    form = load("S3110")
    found = structure.find_structure(drawn_forms.blank(form, 200), 200)

    nir = form.field("nir").cells_mm
    near = [comb for comb in found.combs if abs(comb.around.top - nir[0].top) < 3]
    assert near
    assert max(len(comb.cells) for comb in near) >= 8


@pytest.mark.parametrize("page", [255, 0, "noise"])
def test_a_page_of_nothing_offers_nothing(page: int | str) -> None:
    if page == "noise":
        gray = np.random.default_rng(3).integers(0, 256, (1200, 850)).astype(np.uint8)
    else:
        gray = np.full((1200, 850), page, np.uint8)
    found = structure.find_structure(gray, 100)

    assert len(found.combs) + len(found.lines) + len(found.frames) == 0


def _comb(top: float, left: float, cells: int) -> Comb:
    return Comb(tuple(BoxMm(left + 5 * i, top, 5, 5) for i in range(cells)), True)


def test_a_nir_and_its_key_are_one_field_and_so_are_day_month_and_year() -> None:
    date = (_comb(40, x, n) for x, n in ((50, 2), (63, 2), (76, 4)))
    combs = (_comb(20, 50, 13), _comb(20, 125, 2), *date)
    words = [
        PrintedWords("Numéro d'immatriculation", BoxMm(10, 21, 35, 3)),
        PrintedWords("Né(e) le", BoxMm(10, 41, 15, 3)),
    ]
    nir, born = proposal.propose_fields(PrintedStructure((), (), (), combs), words)

    assert (nir.kind, len(nir.cells_mm)) == (FieldKind.NIR, 15)
    assert (born.kind, len(born.cells_mm), born.name) == (FieldKind.DATE, 8, "ne_e_le")


def test_a_line_starts_after_its_label_and_takes_its_name() -> None:
    words = [PrintedWords("Nom de famille :", BoxMm(20, 46, 30, 3))]
    (field,) = proposal.propose_fields(
        PrintedStructure((BoxMm(20, 50, 120, 0.3),), (), (), ()), words
    )

    assert field.kind is FieldKind.NAME
    assert field.name == "nom_de_famille"
    assert field.box_mm is not None
    assert field.box_mm.left > 50
    assert field.labels == ("nom de famille",)


def test_two_fields_never_share_a_name() -> None:
    lines = tuple(BoxMm(60, 50 + 10 * i, 100, 0.3) for i in range(3))
    words = [PrintedWords("Adresse", BoxMm(20, 46 + 10 * i, 20, 3)) for i in range(3)]
    fields = proposal.propose_fields(PrintedStructure(lines, (), (), ()), words)

    assert [field.name for field in fields] == ["adresse", "adresse_2", "adresse_3"]


def test_words_end_where_their_leader_begins() -> None:
    page = np.full((40, 800), 255, np.uint8)
    page[10:30, 20:120:4] = 0
    page[28:30, 140:780] = 0
    (span,) = structure.ink_spans(page, 200, BoxPx(10, 5, 780, 30))

    assert 18 <= span.left <= 22
    assert span.left + span.width <= 125


def test_what_is_written_is_what_is_read() -> None:
    form = FormDefinition(
        type="S9999",
        title='une "demande" d’essai \\ barrée',
        layout=Layout.UNVERIFIED,
        cerfa=("12345*01",),
        s_numbers=("S9999",),
        anchors=(
            Anchor("œuvre\tà \x7f part", 2.0, BoxMm(1.0, 2.0, 3.0, 4.0)),
            Anchor("dos", back=True),
        ),
        excludes=("autre",),
        fields=(
            FieldSpec("a", FieldKind.TICK, required=True, box_mm=BoxMm(1, 2, 3, 4)),
            FieldSpec(
                "b",
                FieldKind.DIGITS,
                check=NumberCheck.SIRET,
                cells_mm=(BoxMm(1, 2, 3, 4), BoxMm(4, 2, 3, 4)),
                labels=("n° siret",),
                decimals=2,
                may_lie_ahead=True,
            ),
        ),
    )

    assert parse_form("S9999.toml", form_file.to_toml(form, ["une remarque"])) == form


def _sample(texts: list[str], shift_px: int = 0) -> FormSample:
    gray = np.full((2339, 1654), 255, np.uint8)
    boxes = [
        BoxPx(100 + 450 * (i % 3) + shift_px, 150 + 180 * i + shift_px, 500, 40)
        for i in range(len(texts))
    ]
    lines = tuple(TextLine(text, 0.99, box) for text, box in zip(texts, boxes, strict=True))
    return FormSample(gray, 200.0, lines)


_TEXTS = [
    "Demande de carte annuelle", "Identité du demandeur", "Adresse du demandeur",
    "Pièces à fournir",
    "Règlement des cotisations", "Signature du responsable", "Cadre réservé au bureau",
    "cerfa N° 13999*02",
    "Association de la rivière", "Mentions légales du modèle",
]  # fmt: skip


def test_only_what_stands_on_all_samples_is_an_anchor() -> None:
    first = _sample([*_TEXTS, "DUPONT JEANNE 12 RUE HAUTE"])
    second = _sample([*_TEXTS, "MARTIN PAUL 8 PLACE BASSE"], shift_px=20)
    learned = learn_form("S9999", [first, second])

    assert learned.form is not None
    texts = [anchor.text for anchor in learned.form.anchors]
    assert "Identité du demandeur" in texts
    assert not any("DUPONT" in text or "MARTIN" in text for text in texts)
    assert learned.form.cerfa == ("13999*02",)
    assert learned.form.layout is Layout.UNVERIFIED


def test_samples_of_two_forms_are_refused_in_words() -> None:
    other = _sample([f"Tout autre texte imprimé {word}" for word in "abcdefghij"])
    learned = learn_form("S9999", [_sample(_TEXTS), other])

    assert learned.form is None
    assert learned.problem == "L'exemple 2 ne se superpose pas au premier."


def test_a_page_of_little_print_is_refused_in_words() -> None:
    learned = learn_form("S9999", [_sample(_TEXTS[:3])])

    assert learned.form is None
    assert "trop peu de texte" in learned.problem
