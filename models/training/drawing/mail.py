"""Draw the mail that is no form of ours: letters, attachments, envelopes, others' forms, notes."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.drawing import people, texts
from models.training.drawing.compose import Page
from models.training.drawing.fill import Face
from models.training.drawing.layouts import Entry, Layout, Print
from models.training.drawing.paper import A4, Sheet
from vaguemestre.model.document import BoxMm

Pixels = NDArray[np.uint8]

_LINE = 6.0
_BODIES = (
    (
        "Je me permets de vous écrire au sujet du remboursement de mes soins",
        "du mois dernier, que je n'ai toujours pas reçu à ce jour.",
        "Mon médecin m'a pourtant confirmé vous avoir transmis la feuille de",
        "soins il y a plus de trois semaines.",
        "Pourriez-vous m'indiquer où en est le traitement de mon dossier ?",
    ),
    (
        "Je vous informe que j'ai changé d'adresse depuis le début du mois.",
        "Vous trouverez ci-joint une copie de ma dernière quittance.",
        "Je vous remercie de bien vouloir mettre à jour mon dossier et celui",
        "de mes deux enfants, et de m'envoyer une attestation de droits.",
    ),
)


def typed_letter(rng: random.Random, dpi: int, font: Path) -> Pixels:
    """A free letter, typed."""
    writer = people.person(rng)
    sheet = Sheet(*A4, dpi)
    lines = [
        f"{writer.given_names} {writer.surname}",
        writer.street,
        f"{writer.postcode} {writer.town}",
    ]
    _block(sheet, 20, 22, lines, font)
    _block(sheet, 115, 45, ["Caisse primaire d'assurance maladie", "Service relation client"], font)
    day = dt.date(2026, rng.randint(1, 10), rng.randint(1, 28))
    sheet.text(115, 66, f"À {writer.town.title()}, le {day:%d/%m/%Y}", font, 2.5)
    sheet.text(20, 82, "Objet : suivi de mon dossier", font, 2.6)
    sheet.text(20, 96, "Madame, Monsieur,", font, 2.6)
    body = rng.choice(_BODIES)
    _block(sheet, 20, 108, list(body), font)
    end = 108 + _LINE * len(body) + 8
    closing = [
        "Dans l'attente de votre réponse, je vous prie d'agréer, Madame, Monsieur,",
        "l'expression de mes salutations distinguées.",
    ]
    _block(sheet, 20, end, closing, font)
    sheet.text(130, end + 30, f"{writer.given_names.title()} {writer.surname.title()}", font, 2.6)
    return sheet.pixels()


def prescription(rng: random.Random, dpi: int, font: Path) -> Pixels:
    """An ordonnance."""
    doctor, patient = people.person(rng), people.person(rng)
    sheet = Sheet(*A4, dpi)
    head = [
        f"Docteur {doctor.given_names.title()} {doctor.surname}",
        "Médecin généraliste",
        doctor.street,
        f"{doctor.postcode} {doctor.town}",
        f"N° RPPS : {people.with_luhn(rng, 11, '10')}",
    ]
    _block(sheet, 20, 20, head, font)
    sheet.text(105, 70, "ORDONNANCE", font, 4.0, anchor="ms")
    sheet.text(20, 85, f"Patient : {patient.given_names} {patient.surname}", font, 2.6)
    sheet.text(130, 85, f"Le {rng.randint(1, 28):02d}/09/2026", font, 2.6)
    body = [
        "PARACÉTAMOL 1 g : 1 comprimé matin, midi et soir pendant 5 jours",
        "AMOXICILLINE 500 mg : 1 gélule 3 fois par jour pendant 7 jours",
        "Posologie à respecter. À renouveler une fois.",
    ]
    _block(sheet, 25, 105, body, font)
    return sheet.pixels()


def bank_details(rng: random.Random, dpi: int, font: Path) -> Pixels:
    """A RIB."""
    holder = people.person(rng)
    sheet = Sheet(*A4, dpi)
    sheet.text(20, 25, "RELEVÉ D'IDENTITÉ BANCAIRE", font, 3.6)
    iban = people.iban(rng)
    grouped = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    lines = [
        f"Titulaire du compte : {holder.given_names} {holder.surname}",
        f"{holder.street} {holder.postcode} {holder.town}",
        "Domiciliation : AGENCE DU CENTRE",
        "Code banque    Code guichet    Numéro de compte    Clé RIB",
        f"{iban[4:9]}          {iban[9:14]}           {iban[14:25]}         {iban[25:]}",
        f"IBAN : {grouped}",
        "BIC : ABCDFRPPXXX",
    ]
    _block(sheet, 20, 42, lines, font)
    return sheet.pixels()


def returned_envelope(rng: random.Random, dpi: int, font: Path) -> Pixels:
    """A PND: our own envelope, back with La Poste's label."""
    addressee = people.person(rng)
    sheet = Sheet(*A4, dpi)
    sheet.frame(BoxMm(15, 20, 180, 110), 150)
    sheet.text(22, 32, "CPAM – Service courrier", font, 2.4)
    lines = [
        f"{addressee.given_names} {addressee.surname}",
        addressee.street,
        f"{addressee.postcode} {addressee.town}",
    ]
    _block(sheet, 100, 85, lines, font)
    label = BoxMm(25, 60, 62, 42)
    sheet.frame(label, 40, 0.6)
    reason = rng.choice(
        (
            "Destinataire inconnu à l'adresse",
            "Pli avisé et non réclamé",
            "Défaut d'accès ou d'adressage",
        )
    )
    sheet.text(28, 68, "LA POSTE", font, 2.8)
    sheet.text(28, 76, "Retour à l'expéditeur", font, 2.3)
    sheet.text(28, 84, "Motif :", font, 2.3)
    sheet.text(28, 92, reason, font, 2.0)
    return sheet.pixels()


def others_form(rng: random.Random, dpi: int, font: Path) -> Pixels:
    """Another organisation's form, sent here by mistake."""
    writer = people.person(rng)
    sheet = Sheet(*A4, dpi)
    sheet.text(20, 25, "ALLOCATIONS FAMILIALES", font, 3.0)
    sheet.text(20, 36, "Demande d'aide au logement", font, 4.2)
    sheet.text(160, 25, "cerfa N° 10840*05", font, 2.4)
    lines = [
        f"Votre nom : {writer.surname}",
        f"Votre prénom : {writer.given_names}",
        f"Votre date de naissance : {writer.born:%d/%m/%Y}",
        f"Adresse du logement : {writer.street} {writer.postcode} {writer.town}",
        "Depuis quelle date résidez-vous à cette adresse ?",
        "Ce logement est-il votre résidence principale ?   oui   non",
        "Êtes-vous locataire, colocataire ou résident d'un foyer ?",
    ]
    _block(sheet, 20, 55, lines, font, 9.0)
    return sheet.pixels()


def _block(
    sheet: Sheet, x: float, y: float, lines: list[str], font: Path, pitch: float = _LINE
) -> None:
    for number, line in enumerate(lines):
        sheet.text(x, y + pitch * number, line, font, 2.5)


_REASONS = (
    "Destinataire inconnu à l'adresse", "Pli avisé et non réclamé", "Défaut d'accès ou d'adressage",
    "Pli refusé par le destinataire", "N'habite pas à l'adresse indiquée",
)  # fmt: skip
_GREETINGS = ("Madame, Monsieur,", "Bonjour,", "Monsieur le Directeur,", "Madame la Directrice,")
_CLOSINGS = (
    "Je vous prie d'agréer, Madame, Monsieur, l'expression de mes salutations distinguées.",
    "Veuillez agréer, Madame, Monsieur, mes salutations distinguées.",
    "Dans l'attente de votre réponse, je vous prie d'agréer mes respectueuses salutations.",
    "Cordialement,", "Bien cordialement.",
)  # fmt: skip
_SIGNS = ("LOTO", "SOLDES", "PIZZA", "INVITATION", "PROGRAMME", "MENU", "JOURNAL", "CONCERT")


def letter(page: Page, characters: int) -> None:
    """A free letter of at least so many characters, typed or in the writer's hand.

    ``fields`` gets the whole text under ``text``.
    """
    rng, hand, sheet = page.layout, page.hand, page.sheet
    writer = people.person(hand)
    size = 2.4 if characters < 1600 else 2.4 - min(0.8, (characters - 1600) / 2500)
    left = rng.uniform(16, 28)
    width = sheet.width_mm - 2 * left
    sender = (
        f"{writer.given_names} {writer.surname}", writer.street, f"{writer.postcode} {writer.town}",
        f"N° de sécurité sociale : {writer.nir}",
    )  # fmt: skip
    said: list[str] = []
    y = _lines(page, left, rng.uniform(14, 24), sender[: rng.randint(2, 4)], size, said)
    if rng.random() < 0.8:
        to = ("Caisse primaire d'assurance maladie", rng.choice(("Service courrier", writer.town)))
        y = max(y, _lines(page, left + width * 0.55, rng.uniform(26, 46), to, size, said))
    day = f"À {writer.town.title()}, le {hand.randint(1, 28):02d}/{hand.randint(1, 12):02d}/2026"
    y = _lines(page, left + width * rng.choice((0.0, 0.55)), y + 5, [day], size, said)
    if rng.random() < 0.7:
        y = _lines(page, left, y + 4, [f"Objet : {rng.choice(texts.LABELS).lower()}"], size, said)
    y = _lines(page, left, y + 5, [rng.choice(_GREETINGS)], size, said) + 2
    body = texts.letter_body(hand, max(60, characters - sum(map(len, said)) - 90))
    for part in body:
        y = _lines(page, left, y, _broken(page, part, size, width), size, said) + size
    y = _lines(page, left, y + 2, _broken(page, rng.choice(_CLOSINGS), size, width), size, said)
    name = f"{writer.given_names.title()} {writer.surname.title()}"
    _lines(page, left + width * 0.6, y + 8, [name], size, said)
    page.scribble(BoxMm(left + width * 0.6, y + 9, 45, 14))
    page.fields["text"] = "\n".join(said)


def returned(page: Page) -> None:
    """A returned envelope: window or address, postmark, La Poste's label."""
    rng, hand, sheet = page.layout, page.hand, page.sheet
    addressee = people.person(hand)
    left, top = rng.uniform(4, 22), rng.uniform(5, 60)
    width, height = rng.uniform(150, 186), rng.uniform(85, 120)
    sheet.frame(BoxMm(left, top, width, height), rng.randint(130, 200))
    page.say(left + 7, top + 11, rng.choice(("CPAM", "l'Assurance Maladie")), 2.6, bold=True)
    address = (
        f"{addressee.given_names} {addressee.surname}", addressee.street,
        f"{addressee.postcode} {addressee.town}",
    )  # fmt: skip
    _lines(page, left + width * 0.48, top + height * 0.6, address, 2.5, [])
    sheet.ellipse(BoxMm(left + width - 45, top + 6, 22, 22), 90, 0.5)
    label = BoxMm(
        left + rng.uniform(5, 35),
        top + rng.uniform(22, 50),
        rng.uniform(50, 72),
        rng.uniform(28, 42),
    )
    sheet.band(label, 248)
    sheet.frame(label, 30, 0.5)
    x, y = label.left + 3, label.top + 6
    heads = ("LA POSTE", rng.choice(("Retour à l'expéditeur", "Retour à l'envoyeur")))
    for text in heads:
        page.say(x, y, text, 2.4, bold=True)
        y += 5.5
    if rng.random() < 0.5:
        chosen = rng.choice(_REASONS)
        page.fields["return_reason"] = chosen
        page.say(x, y, chosen, 1.9)
        return
    for reason in _REASONS[:4]:
        sheet.frame(BoxMm(x, y - 2.2, 2.4, 2.4), 30, 0.25)
        page.say(x + 4, y, reason, 1.6)
        y += 4.2
    ticked = hand.randrange(4)
    page.fields["return_reason"] = _REASONS[ticked]
    sheet.strokes([(x, y - 16.8 + 4.2 * ticked - 2.2), (x + 2.4, y - 16.6 + 4.2 * ticked)], 30, 0.6)


def foreign(page: Page, layout: Layout) -> None:
    """Another organisation's form."""
    rng = page.layout
    issuer = rng.choice(tuple(texts.OTHERS))
    title = rng.choice(texts.OTHERS[issuer])
    number = (
        f"{rng.choice((10, 11, 12, 13, 14, 15))}{rng.randint(100, 999)}*{rng.randint(1, 9):02d}"
    )
    phrases = [issuer, *rng.sample(texts.SECTIONS, 3)]
    layout(
        page,
        Print(title, number if rng.random() < 0.6 else "", "", phrases, issuer),
        any_entries(page),
    )


def any_entries(page: Page) -> list[Entry]:
    """Fields that any form may have."""
    rng, someone = page.layout, people.person(page.hand)
    filled = {
        "Nom": someone.surname, "Prénom": someone.given_names, "Adresse": someone.street,
        "Date de naissance": f"{someone.born:%d/%m/%Y}", "Commune": someone.town,
    }  # fmt: skip
    labels = rng.sample(texts.LABELS, rng.randint(5, 14))
    return [Entry(label, label, filled.get(label, "")) for label in labels]


def poster(page: Page) -> None:
    """Something printed large that is no form: an advertisement, a programme."""
    rng = page.layout
    y = rng.uniform(25, 60)
    for _ in range(rng.randint(1, 4)):
        y = page.title(y, rng.choice(_SIGNS), rng.uniform(7, 18), left=15, width=180) + 12
    for _ in range(rng.randint(0, 4)):
        box = BoxMm(
            rng.uniform(5, 100), rng.uniform(y, 220), rng.uniform(20, 90), rng.uniform(20, 60)
        )
        page.sheet.band(box, rng.randint(30, 230))
    page.wrapped(20, 250, texts.paragraph(rng, 300), 2.2, 170)


def prose(page: Page) -> None:
    """A page of a book or a newspaper: columns of text, no greeting."""
    rng, count = page.layout, page.layout.choice((1, 1, 2, 3))
    width = (page.inner - 5 * (count - 1)) / count
    size = rng.uniform(1.5, 2.3)
    for column in range(count):
        x, y = page.style.margin + column * (width + 5), rng.uniform(15, 50)
        while y < page.sheet.height_mm - 30:
            y = page.wrapped(x, y, texts.paragraph(rng, rng.randint(200, 700)), size, width) + 3


def note(page: Page) -> None:
    """A few words and lines by hand."""
    hand = page.hand
    y = hand.uniform(20, 90)
    for _ in range(hand.randint(1, 7)):
        page.write(BoxMm(hand.uniform(10, 50), y, 140, 8), texts.sentence(hand)[:45], 3.2)
        y += hand.uniform(8, 16)


def ledger(page: Page) -> None:
    """A table over the sheet: a statement or a list of somebody else's."""
    rng = page.layout
    heads = rng.sample(texts.LABELS, rng.randint(3, 6))
    rows = [
        [
            str(rng.randint(1, 99999)) if rng.random() < 0.7 else rng.choice(texts.LABELS)
            for _ in heads
        ]
        for _ in range(rng.randint(12, 38))
    ]
    page.say(page.style.margin, 18, rng.choice(texts.INVENTED_TITLES), 3.0, bold=True)
    page.table(BoxMm(page.style.margin, 28, page.inner, 240), heads, rows)


UNKNOWN: Sequence[Callable[[Page], None]] = (poster, prose, note, ledger)


def _broken(page: Page, text: str, size: float, width: float) -> list[str]:
    """Lines of a letter: in the writer's face, if it is written by hand."""
    face: Face = page.writing or page.style.face
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and page.sheet.width_of(face.spelt(longer), face.regular, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _lines(
    page: Page, x: float, y: float, lines: Sequence[str], size: float, said: list[str]
) -> float:
    face = page.writing or page.style.face
    pitch = size * (2.0 if page.writing is None else 2.3)
    for line in lines:
        page.sheet.text(x, y, face.spelt(line), face.regular, size, page.pen)
        said.append(face.spelt(line))
        y += pitch
    return y
