"""Invented French people, doctors and employers, seeded, and the values that they write on forms.

Numbers (NIR, RPPS, SIRET, IBAN, …) have valid keys; ``of_form`` and ``of_field`` draw a value for a
field by its kind and its key.
"""

import datetime as dt
import random
from dataclasses import dataclass

from stdnum import luhn
from stdnum.fr import nir as nir_number

from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, NumberCheck

_SURNAMES = (
    "MARTIN", "BERNARD", "THOMAS", "PETIT", "ROBERT", "RICHARD", "DURAND", "DUBOIS", "MOREAU",
    "LAURENT", "SIMON", "MICHEL", "LEFÈVRE", "LEROY", "ROUX", "DAVID", "BERTRAND", "MOREL",
    "FOURNIER", "GIRARD", "BONNET", "DUPONT", "LAMBERT", "FONTAINE", "ROUSSEAU", "VINCENT",
    "MÜLLER", "LE GALL", "BENOÎT", "CHEVALIER", "N'DIAYE", "GARCIA", "NGUYEN", "FERREIRA",
)  # fmt: skip
_GIVEN = {
    1: (
        "JEAN", "PIERRE", "MICHEL", "ANDRÉ", "PHILIPPE", "RENÉ", "LOUIS", "ALAIN", "JACQUES",
        "BERNARD", "HUGO", "LUCAS", "JEAN-PAUL", "FRANÇOIS", "MEHDI", "ANTOINE",
    ),
    2: (
        "MARIE", "JEANNE", "FRANÇOISE", "MONIQUE", "CATHERINE", "NATHALIE", "ISABELLE", "ÉLISE",
        "CHLOÉ", "CAMILLE", "SYLVIE", "ANNE-MARIE", "ZOÉ", "FATIMA", "HÉLÈNE", "JULIE",
    ),
}  # fmt: skip
_STREETS = (
    "RUE DES LILAS", "AVENUE DE LA RÉPUBLIQUE", "RUE VICTOR HUGO", "PLACE DU MARCHÉ",
    "CHEMIN DES VIGNES", "RUE DE L'ÉGLISE", "BOULEVARD JEAN JAURÈS", "IMPASSE DU MOULIN",
)  # fmt: skip
_TOWNS = (
    ("17000", "LA ROCHELLE"), ("17100", "SAINTES"), ("17300", "ROCHEFORT"), ("45000", "ORLÉANS"),
    ("45200", "MONTARGIS"), ("45500", "GIEN"), ("45160", "OLIVET"), ("17200", "ROYAN"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody insured."""

    surname: str
    given_names: str
    sex: int
    born: dt.date
    nir: str
    street: str
    postcode: str
    town: str


def person(rng: random.Random) -> Person:
    """Draw a person whose NIR agrees with sex and birth date."""
    sex = rng.choice((1, 2))
    born = dt.date(1935, 1, 1) + dt.timedelta(days=rng.randrange(365 * 80))
    postcode, town = rng.choice(_TOWNS)
    return Person(
        surname=rng.choice(_SURNAMES),
        given_names=rng.choice(_GIVEN[sex]),
        sex=sex,
        born=born,
        nir=nir(rng, sex, born),
        street=f"{rng.randint(1, 199)} {rng.choice(_STREETS)}",
        postcode=postcode,
        town=town,
    )


def nir(rng: random.Random, sex: int, born: dt.date) -> str:
    """A NIR with its key, sometimes of somebody born in Corsica."""
    department = rng.choice(("17", "45", "75", "33", "59", "13", "69", "2A", "2B", "99"))
    body = f"{sex}{born:%y%m}{department}{rng.randint(1, 989):03d}{rng.randint(1, 989):03d}"
    return body + nir_number.calc_check_digits(body)


def with_luhn(rng: random.Random, length: int, prefix: str = "") -> str:
    """Digits whose Luhn key holds: RPPS (11, from 10…), FINESS (9), SIREN (9)."""
    body = prefix + "".join(rng.choice("0123456789") for _ in range(length - 1 - len(prefix)))
    return body + luhn.calc_check_digit(body)


def siret(rng: random.Random) -> str:
    """A SIRET: a valid SIREN, then an establishment that makes the whole valid."""
    return with_luhn(rng, 14, with_luhn(rng, 9, "3") + "000")


def iban(rng: random.Random) -> str:
    """A French IBAN whose two keys hold."""
    bank, desk = f"{rng.randint(10000, 49999)}", f"{rng.randint(0, 99999):05d}"
    account = "".join(rng.choice("0123456789") for _ in range(11))
    rib_key = 97 - (89 * int(bank) + 15 * int(desk) + 3 * int(account)) % 97
    bban = f"{bank}{desk}{account}{rib_key:02d}"
    return f"FR{98 - int(bban + '152700') % 97:02d}{bban}"


def of_form(form: FormDefinition, rng: random.Random, share: float = 0.9) -> dict[str, str]:
    """Values for a share of a form's fields, in the shape that ``edge.extraction`` gives back."""
    someone = person(rng)
    return {spec.name: of_field(spec, someone, rng) for spec in form.fields if rng.random() < share}


def is_right(spec: FieldSpec, read: str | None, written: str) -> bool:
    """Whether what was read is what was written; an empty box was read as not ticked."""
    if spec.kind in (FieldKind.TICK, FieldKind.SIGNATURE):
        return read == (written or "false")
    return (read or "") == written


def of_field(spec: FieldSpec, someone: Person, rng: random.Random) -> str:
    """One value."""
    match spec.kind:
        case FieldKind.NIR:
            return someone.nir
        case FieldKind.DATE:
            if "birth" in spec.name:
                return someone.born.isoformat()
            return f"{rng.choice((2025, 2026))}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        case FieldKind.DIGITS:
            return _digits(spec, rng)
        case FieldKind.AMOUNT:
            return f"{rng.randint(500, 300000) / 100:.2f}"
        case FieldKind.IBAN:
            return iban(rng)
        case FieldKind.NAME:
            return f"{someone.surname} {someone.given_names}"
        case FieldKind.ADDRESS:
            return f"{someone.street}\n{someone.postcode} {someone.town}"
        case FieldKind.TICK | FieldKind.SIGNATURE:
            return rng.choice(("true", "true", "false"))
        case FieldKind.CODE:
            return f"{rng.choice(('G', 'CS', 'VGS', 'ABCD'))}{rng.randint(1, 999)}"
        case FieldKind.TEXT:
            return rng.choice(("SUIVI MÉDICAL", someone.town, "ESPAGNE", "VOIR COURRIER JOINT"))


def _digits(spec: FieldSpec, rng: random.Random) -> str:
    match spec.check:
        case NumberCheck.RPPS | NumberCheck.RPPS_OR_AM:
            return with_luhn(rng, 11, "10")
        case NumberCheck.SIRET | NumberCheck.STRUCTURE:
            return siret(rng)
        case NumberCheck.FINESS | NumberCheck.AM:
            return with_luhn(rng, 9, "17")
        case NumberCheck.LUHN | NumberCheck.NONE:
            length = len(spec.cells_mm) or rng.randint(4, 9)
            return "".join(rng.choice("0123456789") for _ in range(length))


def shown(kind: FieldKind, value: str) -> str:
    """A value as people write it on a line."""
    match kind:
        case FieldKind.DATE:
            return "/".join(reversed(value.split("-")))
        case FieldKind.AMOUNT:
            return f"{value.replace('.', ',')} €"
        case FieldKind.NIR:
            parts = (1, 2, 2, 2, 3, 3, 2)
            starts = [sum(parts[:i]) for i in range(len(parts))]
            return " ".join(value[s : s + p] for s, p in zip(starts, parts, strict=True))
        case FieldKind.IBAN:
            return shown_iban(value)
        case _:
            return value.replace("\n", " ")


def shown_iban(value: str) -> str:
    """An IBAN in groups of four."""
    return " ".join(value[i : i + 4] for i in range(0, len(value), 4))
