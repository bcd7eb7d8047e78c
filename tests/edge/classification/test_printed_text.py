"""What a page is, by what is printed on it, and what is no evidence of anything."""

import pytest

from edge.classification.printed_text import MISDIRECTED, UNKNOWN, classify
from edge.results import BoxPx, TextLine
from vaguemestre import pack
from vaguemestre.model.document import Layout

FORMS = pack.load(pack.default_dir()).forms


def lines(*texts: str, gap: int = 90, left: int = 100) -> list[TextLine]:
    """Lines one below the other: ``gap`` from top to top, 30 px high, 16 px a character."""
    return [
        TextLine(text, 0.99, BoxPx(left, 100 + i * gap, 16 * len(text), 30))
        for i, text in enumerate(texts)
    ]


def named(*texts: str, gap: int = 90) -> str:
    return classify(lines(*texts, gap=gap), FORMS).guesses[0].type


def test_a_title_broken_in_two_lines_is_one() -> None:
    whole = named("déclaration de maladie professionnelle", "S 6100", "à remplir")
    broken = named("déclaration de maladie", "professionnelle", "S 6100", "à remplir", gap=40)

    assert whole == broken == "S6100"


@pytest.mark.parametrize(
    "tail", ["justificatif de domicile.", "justificatif de domicile", "ordonnance."]
)
def test_the_tail_of_a_paragraph_is_no_title(tail: str) -> None:
    letter = (
        "Depuis lors, mon fils attend toujours que la mairie lui adresse un",
        tail,
        "Le service a perdu la feuille de soins avant la fin du mois et notre",
    )

    assert named(*letter, gap=40) == UNKNOWN


def test_the_same_words_by_themselves_are_a_title() -> None:
    assert named("Justificatif de domicile", "Titulaire : A. BONNET") == "justificatif_domicile"
    assert named("pli avisé et non réclamé", "LA POSTE") == "pnd"


def test_a_date_of_birth_is_no_certificate_of_birth() -> None:
    assert named("Date de naissance", "Nom", "Profession", "Signature") == UNKNOWN


def test_two_things_that_only_an_electricity_bill_says() -> None:
    assert (
        named("Lieu de consommation : 2 RUE DES LILAS", "avis d'échéance", "Montant : 12 €")
        == "justificatif_domicile"
    )


def test_another_number_is_somebody_elses_form() -> None:
    assert named("déclaration de ressources", "cerfa n° 10397*26") == MISDIRECTED


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (
            (
                "Madame, Monsieur,",
                "Je conteste votre refus : le docteur Martin m'a prescrit une gélule",
                "de 500 mg trois fois par jour, puis une ampoule le soir, et",
                "la pharmacie n'a pas été remboursée.",
            ),
            UNKNOWN,
        ),
        (
            (
                "Bonjour,",
                "Je vous écris au sujet du docteur Martin : une ampoule, puis une gélule",
                "trois fois par jour ne me sont pas remboursées.",
                "Cordialement",
            ),
            "courrier",
        ),
    ],
)
def test_a_letter_that_speaks_of_medicine_is_no_prescription(
    letter: tuple[str, ...], kind: str
) -> None:
    assert named(*letter, gap=40) == kind


def test_print_that_ends_like_a_sentence_counts_for_its_form() -> None:
    form = FORMS["S3704"]
    printed = [a.text for a in form.anchors]
    whole = classify(lines(*printed), FORMS).guesses[0]
    sentences = [text for text in printed if text.endswith(".")]
    without = classify(lines(*(t for t in printed if t not in sentences)), FORMS).guesses[0]

    assert sentences
    assert whole.type == without.type == "S3704"
    assert whole.confidence > without.confidence


@pytest.mark.parametrize(
    ("name", "printed", "layout"),
    [
        ("S3110", "N° 12541*02", Layout.VERIFIED),
        ("S3110", "N° 12541*03", Layout.UNVERIFIED),
        ("S3704", "N°12485*01", Layout.UNVERIFIED),
        ("S3704", "N°12485", Layout.VERIFIED),  # its edition is not read: its print must tell
        ("S3501", "n°11626*04", Layout.UNVERIFIED),
        ("S3116", "N° 10170*07", Layout.UNVERIFIED),  # nobody measured any edition of it
    ],
)
def test_an_edition_that_nobody_measured_is_unverified(
    name: str, printed: str, layout: Layout
) -> None:
    form = FORMS[name]
    others = [a.text for a in form.anchors if "*0" not in a.text]

    found = classify(lines(form.title, printed, *others), FORMS)

    assert found.guesses[0].type == name
    assert found.layout is layout
