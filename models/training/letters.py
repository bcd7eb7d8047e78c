"""Draw the mail that is no form of ours: letters, attachments, envelopes, others' forms."""

import datetime as dt
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training import people
from models.training.paper import A4, Sheet
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


def letter(rng: random.Random, dpi: int, font: Path) -> Pixels:
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
