"""Values that somebody could have written, for a field by its kind and its key."""

import random

from models.training import people
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, NumberCheck


def of_form(form: FormDefinition, rng: random.Random, share: float = 0.9) -> dict[str, str]:
    """Values for a share of a form's fields, in the shape that ``edge.extraction`` gives back."""
    someone = people.person(rng)
    return {spec.name: of_field(spec, someone, rng) for spec in form.fields if rng.random() < share}


def is_right(spec: FieldSpec, read: str | None, written: str) -> bool:
    """Whether what was read is what was written; an empty box was read as not ticked."""
    if spec.kind in (FieldKind.TICK, FieldKind.SIGNATURE):
        return read == (written or "false")
    return (read or "") == written


def of_field(spec: FieldSpec, someone: people.Person, rng: random.Random) -> str:
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
            return people.iban(rng)
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
            return people.with_luhn(rng, 11, "10")
        case NumberCheck.SIRET | NumberCheck.STRUCTURE:
            return people.siret(rng)
        case NumberCheck.FINESS | NumberCheck.AM:
            return people.with_luhn(rng, 9, "17")
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
