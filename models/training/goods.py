"""What each attachment says: letterheads, pairs, rows and sentences, by type."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.training import people, values


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
        ("Mandat de prélèvement SEPA", ""), ("IBAN", values.shown_iban(people.iban(hand))),
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
