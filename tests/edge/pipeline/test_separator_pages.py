"""What stands on a page beside a separator's code tells whether it is anybody's."""

from collections.abc import Sequence

import numpy as np
import pytest

from edge.ocr.engine import Gray
from edge.pipeline import separator_pages
from edge.pipeline.separator_pages import Line
from edge.results import BoxPx, Separator, SeparatorKind

DPI = 100
PAGE = np.full((1169, 827), 240, np.uint8)
LETTER = (
    "Madame, Monsieur,",
    "Je vous adresse ci-joint la feuille de soins du 3 mars,",
    "et vous remercie de me rembourser.",
    "Julie Michel",
)
OURS = ("SÉPARATEUR DE DOCUMENT", "Placez cette feuille avant chaque nouveau document.")
KODAK = (
    "PATCH T",
    "Patch code separator sheet geometry is further defined in the publication",
    "Wide black bars must be exactly 0.2in.",
    "To verify this patch page has been printed with the correct size, measure",
    "The barcode is CODE 39 - *PatchT*",
)
HEADER = (
    "EN-TÊTE DE LOT",
    "Placez cette feuille en tête du lot.",
    "Lot",
    "Caisse",
    "Documents attendus",
)


def lines(
    texts: Sequence[str], *, by_hand: float = 0.1, confidence: float = 0.95, left: int = 100
) -> list[Line]:
    """Lines one below the other, 12 mm apart."""
    return [
        Line(text, confidence, by_hand, BoxPx(left, 200 + 47 * row, 10 * len(text), 20))
        for row, text in enumerate(texts)
    ]


def is_sheet(
    kind: SeparatorKind, found: Sequence[Line], page: Gray = PAGE, *, has_bars: bool = False
) -> bool:
    return separator_pages.is_only_sheet(Separator(kind), found, page, DPI, has_bars=has_bars)


@pytest.mark.parametrize(
    ("kind", "printed"),
    [
        (SeparatorKind.DOCUMENT, OURS),
        (SeparatorKind.HEADER, HEADER),
        (SeparatorKind.PATCH_T, KODAK),
        (SeparatorKind.PATCH_T, ()),
        (SeparatorKind.BARCODE, ("Barcode 39 ASN000123", "This page has a barcode")),
    ],
)
def test_a_sheet_s_own_print_is_nobody_s_and_writing_on_it_is_somebody_s(
    kind: SeparatorKind, printed: Sequence[str]
) -> None:
    assert is_sheet(kind, lines(printed))
    note = lines(["Voir avec Mme Dupont"], by_hand=0.95, left=500)
    assert not is_sheet(kind, [*lines(printed), *note])
    assert not is_sheet(kind, lines(LETTER))


def test_a_header_s_values_stand_beside_their_labels() -> None:
    values = [Line("LOT 0012", 0.9, 0.1, BoxPx(400, 200 + 47 * 2, 100, 20))]
    assert is_sheet(SeparatorKind.HEADER, [*lines(HEADER), *values])
    elsewhere = [Line("Facture de la clinique", 0.9, 0.1, BoxPx(400, 900, 200, 20))]
    assert not is_sheet(SeparatorKind.HEADER, [*lines(HEADER), *elsewhere])


def test_the_reason_of_a_request_runs_over_several_lines() -> None:
    sheet = ("NUMÉRISATION DEMANDÉE", "Motif")
    reason = [
        Line("la deuxième page est illisible,", 0.9, 0.1, BoxPx(350, 247 + 43 * row, 300, 20))
        for row in range(3)
    ]
    assert is_sheet(SeparatorKind.HEADER, [*lines(sheet), *reason])


def test_a_label_on_a_letter_speaks_once_of_patches_and_no_more() -> None:
    assert not is_sheet(SeparatorKind.PATCH_T, lines(("PATCH T", *LETTER)), has_bars=True)


@pytest.mark.parametrize(
    "words",
    [
        ("Depuis notre séparation, ma fille vit chez moi.", "Jugement de séparation du 3 mars."),
        ("Scopoderm 1 mg, patch transdermique", "Nicopatch 21 mg : un patch par jour"),
        ("Nous vivons séparés.", "La séparation des biens est prononcée."),
    ],
)
@pytest.mark.parametrize("has_bars", [True, False])
def test_a_letter_of_a_separation_or_a_prescription_of_patches_is_somebody_s(
    words: Sequence[str], has_bars: bool
) -> None:
    page = lines((*LETTER, *words))
    assert not is_sheet(SeparatorKind.PATCH_T, page, has_bars=has_bars)


def test_two_lines_that_say_something_are_somebody_s_and_a_sheet_s_title_is_not() -> None:
    note = ("Bonjour, je conteste votre décision du 3 mars.", "Merci. Jean Martin")
    title = ("LOT DU SERVICE COURRIER", "Ne pas jeter")
    for has_bars in (True, False):
        assert not is_sheet(SeparatorKind.PATCH_T, lines(note), has_bars=has_bars)
        assert is_sheet(SeparatorKind.PATCH_T, lines(title), has_bars=has_bars)


def test_a_page_that_is_a_picture_is_somebody_s() -> None:
    card = PAGE.copy()
    card[200:410, 200:540] = 120
    assert not is_sheet(SeparatorKind.BARCODE, [], card)
    assert not is_sheet(SeparatorKind.PATCH_T, [], card)
    assert is_sheet(SeparatorKind.BARCODE, [], PAGE)


def test_what_was_found_quickly_leaves_no_ink_outside_its_lines() -> None:
    scribble = PAGE.copy()
    scribble[900:904, 200:500] = 60
    separator = Separator(SeparatorKind.DOCUMENT)
    assert separator_pages.is_plain_sheet(separator, lines(OURS), PAGE, DPI)
    assert not separator_pages.is_plain_sheet(separator, lines(OURS), scribble, DPI)


def test_a_sheet_whose_code_was_not_read_says_what_it_is() -> None:
    for title in ("SÉPARATEUR DE DOCUMENT", "En-tête de lot", "PATCH T", "SEPARATEUR DE DOCUMEHT"):
        assert separator_pages.is_titled_as_one(["12", title])
    assert not separator_pages.is_titled_as_one(LETTER)
    assert not separator_pages.is_titled_as_one(["la séparation de documents", "lot", "patch"])
