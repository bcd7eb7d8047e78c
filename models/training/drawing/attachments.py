"""Attachments: prescriptions, invoices, bank details, payslips and the like, each in many variants.

An attachment is made of blocks: a letterhead, a title, pairs of label and value, a table, a
paragraph, a signature. Its type decides which blocks and which words, chance their order and place.
``HELD_OUT`` arrangements are drawn for evaluation only.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from models.training.drawing import people, texts
from models.training.drawing.compose import Page
from vaguemestre.model.document import BoxMm


@dataclass(frozen=True, slots=True)
class Contents:
    """Blocks of an attachment, without its title."""

    issuer: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    body: tuple[str, ...] = ()
    last: tuple[tuple[str, str], ...] = ()


Maker = Callable[[random.Random, random.Random, people.Person], Contents]

_DRUGS = (
    "PARACÉTAMOL 1 g", "AMOXICILLINE 500 mg", "IBUPROFÈNE 400 mg", "OMÉPRAZOLE 20 mg",
    "METFORMINE 850 mg", "RAMIPRIL 5 mg", "LÉVOTHYROX 75 µg", "SÉANCES DE KINÉSITHÉRAPIE",
    "BILAN SANGUIN COMPLET", "VITAMINE D 100 000 UI", "ATORVASTATINE 10 mg",
)  # fmt: skip
_DOSES = (
    "1 comprimé matin, midi et soir", "2 comprimés par jour pendant 7 jours", "1 gélule le matin",
    "posologie : 1 comprimé par jour", "1 sachet par jour pendant 5 jours, qsp 1 mois",
    "10 séances, à renouveler", "1 ampoule tous les trois mois",
)  # fmt: skip
_ITEMS = (
    "Consultation", "Monture optique", "Verres unifocaux", "Semelles orthopédiques", "Location lit",
    "Déplacement", "Prothèse dentaire", "Transport assis", "Hébergement", "Soins infirmiers",
)  # fmt: skip
_COMPANIES = (
    "OPTIQUE DU PORT", "PHARMACIE CENTRALE", "TAXI AMBULANCES ATLANTIQUE", "CABINET DENTAIRE",
    "MENUISERIE LEBLANC", "TRANSPORTS GERVAIS SAS", "BOULANGERIE DES HALLES", "AIDE À DOMICILE 45",
)  # fmt: skip
_HOSPITALS = ("CENTRE HOSPITALIER", "CLINIQUE DU MAIL", "CHU", "HÔPITAL DE LA SOURCE")
_BANKS = ("BANQUE DE L'OUEST", "CRÉDIT COMMUNAL", "CAISSE D'ÉPARGNE", "BANQUE POPULAIRE DU VAL")
_MUTUALS = ("MUTUELLE DES DEUX RIVES", "HARMONIE SANTÉ", "MUTUELLE DU LITTORAL", "SANTÉ PRÉVOYANCE")


def _day(rng: random.Random) -> str:
    return f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.choice((2025, 2026))}"


def _euros(rng: random.Random, most: int = 250000) -> str:
    return f"{rng.randint(500, most) / 100:.2f}".replace(".", ",")


def _name(someone: people.Person) -> str:
    return f"{someone.given_names} {someone.surname}"


def _nir(someone: people.Person) -> str:
    return f"{someone.nir[:1]} {someone.nir[1:3]} {someone.nir[3:5]} {someone.nir[5:]}"


def _prescription(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    doctor = people.person(hand)
    count = hand.randint(1, 6)
    lines = tuple(f"{hand.choice(_DRUGS)} : {hand.choice(_DOSES)}" for _ in range(count))
    speciality = rng.choice(("Médecin généraliste", "Cardiologue", "Pédiatre", "Rhumatologue"))
    issuer = (
        f"Docteur {_name(doctor)}", speciality, doctor.street, f"{doctor.postcode} {doctor.town}",
        f"N° RPPS : {people.with_luhn(hand, 11, '10')}",
    )  # fmt: skip
    pairs = (("Patient", _name(someone)), ("Le", _day(hand)))
    return Contents(issuer, pairs, body=lines)


def _invoice(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    rows = tuple(
        (hand.choice(_ITEMS), str(hand.randint(1, 4)), _euros(hand, 20000), _euros(hand, 60000))
        for _ in range(hand.randint(1, 7))
    )
    issuer = (
        rng.choice(_COMPANIES), people.person(rng).street, f"SIRET {people.siret(rng)}",
    )  # fmt: skip
    pairs = (
        ("Facture n°", f"F{hand.randint(1000, 99999)}"), ("Date de facturation", _day(hand)),
        ("Client", f"{_name(someone)} {someone.street} {someone.postcode} {someone.town}"),
    )  # fmt: skip
    last = (
        ("Total HT", f"{_euros(hand)} €"), ("TVA 20 %", f"{_euros(hand, 40000)} €"),
        ("Total TTC", f"{_euros(hand)} €"),
    )  # fmt: skip
    heads = ("Désignation", "Quantité", "Prix unitaire", "Montant HT")
    return Contents(issuer, pairs, heads, rows, last=last)


def _bank(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    iban = people.iban(hand)
    grouped = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    pairs = (
        ("Titulaire du compte", f"{_name(someone)} {someone.street} {someone.postcode}"),
        ("Domiciliation", f"AGENCE {someone.town}"), ("IBAN", grouped), ("BIC", "ABCDFRPPXXX"),
    )  # fmt: skip
    heads = ("Code banque", "Code guichet", "N° de compte", "Clé RIB")
    rows = ((iban[4:9], iban[9:14], iban[14:25], iban[25:]),)
    return Contents((rng.choice(_BANKS),), pairs, heads, rows)


def _payslip(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    names = (
        "Salaire de base", "Heures supplémentaires", "Salaire brut", "Sécurité sociale maladie",
        "Assurance chômage", "Retraite complémentaire", "CSG déductible", "CSG non déductible",
        "Prévoyance", "Cotisations patronales", "Total des cotisations", "Net imposable",
    )  # fmt: skip
    rows = tuple(
        (
            name,
            _euros(hand),
            f"{hand.uniform(0.5, 15):.2f}",
            _euros(hand, 50000),
            _euros(hand, 50000),
        )
        for name in names[: rng.randint(8, 12)]
    )
    issuer = (
        rng.choice(_COMPANIES), f"SIRET : {people.siret(rng)}", "URSSAF Poitou-Charentes",
        "Convention collective : métallurgie",
    )  # fmt: skip
    pairs = (
        ("Période", f"du 01/{hand.randint(1, 12):02d}/2026"), ("Salarié", _name(someone)),
        ("N° sécurité sociale", _nir(someone)), ("Emploi", "Technicien"),
    )  # fmt: skip
    last = (("Net à payer avant impôt", f"{_euros(hand)} €"), ("Net à payer", f"{_euros(hand)} €"))
    heads = ("Rubrique", "Base", "Taux", "Part salariale", "Part patronale")
    return Contents(issuer, pairs, heads, rows, last=last)


def _stay(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    issuer = (f"{rng.choice(_HOSPITALS)} {someone.town}", "Bureau des admissions")
    pairs = (
        ("Nom et prénom", _name(someone)), ("Né(e) le", f"{someone.born:%d/%m/%Y}"),
        ("N° de sécurité sociale", _nir(someone)), ("Date d'entrée", _day(hand)),
        ("Date de sortie", hand.choice((_day(hand), "séjour en cours"))), ("Service", "CHIRURGIE"),
    )  # fmt: skip
    said = f"Le directeur certifie que {_name(someone)} a été hospitalisé(e) dans l'établissement."
    return Contents(issuer, pairs, body=(said,))


def _birth(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    parent, other = people.person(hand), people.person(hand)
    issuer = ("RÉPUBLIQUE FRANÇAISE", f"Mairie de {someone.town.title()}", "État civil")
    said = (
        f"Le {_day(hand)} à {hand.randint(0, 23)} heures est né(e) {_name(someone)}, de "
        f"{_name(parent)} et de {_name(other)}, domiciliés {someone.street}."
    )
    closing = "Délivré par nous, officier de l'état civil, sur papier libre. Copie conforme."
    pairs = (("Acte n°", str(hand.randint(1, 999))), ("Nom", someone.surname))
    return Contents(issuer, pairs if rng.random() < 0.6 else (), body=(said, closing))


def _identity(_: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    pairs = (
        ("Nom / Surname", someone.surname), ("Prénom(s)", someone.given_names),
        ("Nationalité", "française"), ("Né(e) le", f"{someone.born:%d.%m.%Y}"),
        ("Taille", f"1,{hand.randint(50, 95)} m"), ("N°", f"{hand.randint(10**8, 10**9)}"),
    )  # fmt: skip
    line = f"IDFRA{someone.surname.replace(' ', '<')}".ljust(36, "<")
    return Contents(("RÉPUBLIQUE FRANÇAISE", "identity card"), pairs, body=(line, line[::-1]))


def _residence(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    issuer = (
        rng.choice(("ÉLECTRICITÉ DE L'OUEST", "Régie des eaux", "AGENCE IMMOBILIÈRE DU PORT")),
    )
    where = f"{someone.street} {someone.postcode} {someone.town}"
    pairs = (
        ("Titulaire", _name(someone)), ("Lieu de consommation", where), ("Date", _day(hand)),
        ("Montant", f"{_euros(hand, 90000)} €"),
    )  # fmt: skip
    said = f"Nous attestons que {_name(someone)} réside bien à l'adresse {where}."
    return Contents(issuer, pairs, body=(said,))


def _insurance(rng: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    pairs = (
        ("Numéro d'adhérent", str(hand.randint(10**6, 10**8))),
        ("N° AMC", str(hand.randint(10**7, 10**8))),
        ("Bénéficiaire", _name(someone)), ("N° sécurité sociale", _nir(someone)),
        ("Validité", "du 01/01/2026 au 31/12/2026"),
    )  # fmt: skip
    heads = ("PHAR", "MED", "HOSP", "DENT", "OPTI", "TRAN")
    rows = (tuple(f"{hand.choice((100, 70, 60))}%" for _ in heads),)
    return Contents((rng.choice(_MUTUALS), "organisme complémentaire"), pairs, heads, rows)


def _membership(_: random.Random, hand: random.Random, someone: people.Person) -> Contents:
    pairs = (
        ("Nom et prénom", _name(someone)), ("Numéro de sécurité sociale", _nir(someone)),
        ("Participation financière", f"{hand.randint(8, 30)} € par mois"),
        ("Mandat de prélèvement SEPA", ""), ("IBAN", people.shown_iban(people.iban(hand))),
    )  # fmt: skip
    said = "Je demande mon adhésion et accepte le montant de la participation financière."
    return Contents(("l'Assurance Maladie",), pairs, body=(said,))


MAKERS: Mapping[str, Maker] = MappingProxyType({
    "ordonnance": _prescription,
    "facture": _invoice,
    "rib": _bank,
    "bulletin_salaire": _payslip,
    "bulletin_hospitalisation": _stay,
    "acte_naissance": _birth,
    "piece_identite": _identity,
    "justificatif_domicile": _residence,
    "carte_mutuelle": _insurance,
    "bulletin_adhesion_c2s": _membership,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What an attachment says, block by block; empty ones are left out."""

    issuer: Sequence[str]
    title: str
    pairs: Sequence[tuple[str, str]]
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    body: Sequence[str] = ()
    last: Sequence[tuple[str, str]] = ()


Arrangement = Callable[[Page, Words], None]


def classic(page: Page, words: Words) -> None:
    """Letterhead left, title in the middle, pairs, table, body."""
    rng, left, width = page.layout, page.style.margin + 3, page.inner - 6
    y = _block(page, left, rng.uniform(12, 24), words.issuer)
    y = _titled(page, max(y + 4, rng.uniform(40, 62)), words.title, left, width)
    y = _pairs(page, left, y + 3, words.pairs, width)
    _rest(page, left, y + 3, words, width)


def headed(page: Page, words: Words) -> None:
    """Title first, then who writes and what, in two columns."""
    rng, left, width = page.layout, page.style.margin, page.inner
    y = _titled(page, rng.uniform(15, 26), words.title, left, width)
    end = _block(page, left, y + 5, words.issuer)
    right = _pairs(page, left + width * 0.48, y + 5, words.pairs, width * 0.52)
    _rest(page, left, max(end, right) + 4, words, width)


def cornered(page: Page, words: Words) -> None:
    """Letterhead right, title left."""
    rng, left, width = page.layout, page.style.margin, page.inner
    end = _block(page, left + width * 0.55, rng.uniform(14, 22), words.issuer)
    y = _titled(page, rng.uniform(16, 30), words.title, left, width * 0.5)
    y = _pairs(page, left, max(end, y) + 5, words.pairs, width * rng.uniform(0.6, 1.0))
    _rest(page, left, y + 2, words, width)


def framed(page: Page, words: Words) -> None:
    """Everything in a frame, as on slips: often only part of the sheet."""
    rng, left, width = page.layout, page.style.margin, page.inner
    top = rng.uniform(10, 40)
    y = _titled(page, top + 8, words.title, left + 5, width - 10)
    y = _block(page, left + 5, y + 3, words.issuer)
    y = _pairs(page, left + 5, y + 2, words.pairs, width - 10)
    y = _rest(page, left + 5, y + 2, words, width - 10)
    page.sheet.frame(BoxMm(left, top, width, y - top + 4), page.style.ink, rng.uniform(0.3, 0.9))


def banded(page: Page, words: Words) -> None:
    """A dark band at the left, the title low; only drawn for evaluation."""
    rng, left = page.layout, page.style.margin + 28
    page.sheet.band(BoxMm(0, 0, page.style.margin + 20, page.sheet.height_mm), 150)
    width = page.sheet.width_mm - left - 10
    y = _block(page, left, 20, words.issuer)
    y = _pairs(page, left, y + 6, words.pairs[:2], width)
    y = _titled(page, y + 12, words.title, left, width)
    y = _pairs(page, left, y + 4, words.pairs[2:], width)
    _rest(page, left, y + rng.uniform(2, 8), words, width)


TRAINING: tuple[Arrangement, ...] = (classic, headed, cornered, framed)
HELD_OUT: tuple[Arrangement, ...] = (banded,)


def words_of(kind: str, rng: random.Random, hand: random.Random) -> Words:
    """What an attachment of a type says; ``hand`` decides on people and amounts."""
    someone = people.person(hand)
    title = rng.choice(texts.TITLES[kind])
    made = MAKERS[kind](rng, hand, someone)
    return Words(made.issuer, title, made.pairs, made.heads, made.rows, made.body, made.last)


def _titled(page: Page, y: float, text: str, left: float, width: float) -> float:
    if not text:
        return y
    return page.title(y, text, page.layout.uniform(3.2, 6.0), left=left, width=width)


def _block(page: Page, x: float, y: float, lines: Sequence[str]) -> float:
    height = page.style.label + 0.3
    if lines and page.layout.random() < 0.35:
        page.logo(x, y - 3, lines[0])
        y += 16
        lines = lines[1:]
    for number, line in enumerate(lines):
        page.say(x, y, line, height, bold=number == 0)
        y += height * 2.1
    return y


def _pairs(page: Page, x: float, y: float, pairs: Sequence[tuple[str, str]], width: float) -> float:
    """Labels with their values, printed: attachments are made by programs."""
    rng, height = page.layout, page.style.label + 0.3
    gap = rng.choice((2.0, 2.0, width * 0.4))
    for label, value in pairs:
        page.say(x, y, f"{label} :" if value else label, height, bold=rng.random() < 0.3)
        used = page.sheet.width_of(label, page.style.face.regular, height) + 3
        room = width - max(gap, used)
        for line in page.lines_of(value, height, max(20.0, room), bold=False):
            page.say(x + max(gap, used), y, line, height)
            y += height * 2.1
    return y


def _rest(page: Page, x: float, y: float, words: Words, width: float) -> float:
    rng, height = page.layout, page.style.label + 0.3
    if words.heads:
        y = page.table(BoxMm(x, y, width, 60), words.heads, words.rows)
    for part in words.body:
        y = page.wrapped(x, y + 3, part, height, width) + rng.uniform(0, 3)
    y = _pairs(page, x + width * rng.choice((0.0, 0.5)), y + 4, words.last, width * 0.5)
    if rng.random() < 0.4:
        page.scribble(BoxMm(x + width * 0.55, y, 40, 14))
        y += 16
    if rng.random() < 0.5:
        bottom = page.sheet.height_mm - 12
        if y < bottom - 10:
            page.wrapped(x, bottom - 5, texts.paragraph(rng, 120), 1.5, width)
    return y
