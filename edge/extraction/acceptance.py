"""When a value may be delivered without a person.

One threshold for each kind, on the least sure character of the value; a field that is more often
wrong than others of its kind may have a tighter one in its form (``accept_doubt``). A value that
its own key confirms needs less; a date's calendar confirms little, since most misread days exist
too; text has no key at all. Values that a key repaired are never accepted here: they need other
evidence. The thresholds were measured on forms filled by program (``make bench``, docs/decisions)
and scale with the wanted error rate.

``cross_check`` compares the fields of a page:

- A value that its own key chose needs independent evidence. A birth date confirms the year and
  month of a NIR and nothing else in it; another NIR on the page, read without repair, all of it. A
  birth date of the NIR's year in another month says that one of the two was misread, or that day
  and month were written the other way round.
- The total confirms several amounts and they the total. A single amount and its total are one
  number that one hand wrote twice, as is a digit that stands in the total unchanged, so such a sum
  counts only where all was read nearly surely. Nothing confirms an amount of zero, or of cents
  alone: that is what is left where the first digits are hidden.
- A name that stands twice confirms itself when it was read alike; read in two ways, one is wrong.
  Where no word of the names above and in the declaration agrees, two people's sheets may lie
  together.
"""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rapidfuzz import fuzz

from vaguemestre.model import values
from vaguemestre.model.document import Check, Field
from vaguemestre.model.forms import FieldKind, FieldSpec

_REFERENCE_RATE = 0.001

# The doubt (1 - confidence of the least sure character) allowed at the reference rate.
_KEYED: Mapping[FieldKind, float] = MappingProxyType(
    {
        FieldKind.NIR: 0.40,
        FieldKind.DIGITS: 0.25,
        FieldKind.IBAN: 0.40,
        FieldKind.DATE: 0.12,
        FieldKind.AMOUNT: 0.25,  # confirmed by the total
    }
)
_COPIED = 0.02  # of an amount that shares a digit with the total that confirms it
_UNKEYED: Mapping[FieldKind, float] = MappingProxyType(
    {
        FieldKind.DIGITS: 0.05,
        FieldKind.AMOUNT: 0.05,
        FieldKind.CODE: 0.10,
        FieldKind.NAME: 0.05,
        FieldKind.TEXT: 0.05,
        FieldKind.ADDRESS: 0.05,
        FieldKind.TICK: 0.40,  # and what edge/extraction/ticks.py asks beside
        FieldKind.SIGNATURE: 0.10,
    }
)

# The same for combs read cell by cell: the doubt is that of the whole string among all that
# satisfy its key, measured on drawn combs (models/training/calibration/cells.py).
_CELLS_KEYED: Mapping[FieldKind, float] = MappingProxyType(
    {FieldKind.NIR: 0.40, FieldKind.DIGITS: 0.20, FieldKind.DATE: 0.010}
)
_CELLS_UNKEYED: Mapping[FieldKind, float] = MappingProxyType(
    {FieldKind.DIGITS: 0.008, FieldKind.AMOUNT: 0.008}
)


def accepts_cells(
    spec: FieldSpec, check: Check, confidence: float, wanted_error_rate: float, *, has_key: bool
) -> bool:
    """Whether a comb's cells may go without a person; what a key chose never does here."""
    allowed = (_CELLS_KEYED if has_key else _CELLS_UNKEYED).get(spec.kind)
    if check not in (Check.OK, Check.NONE):
        allowed = None
    return _is_within(_of_field(allowed, spec), confidence, wanted_error_rate)


def is_accepted(spec: FieldSpec, check: Check, confidence: float, wanted_error_rate: float) -> bool:
    """Whether a read value of this confidence (0..1) may go without a person."""
    if check is Check.OK:
        allowed = _KEYED.get(spec.kind)
    elif check is Check.NONE:
        allowed = _UNKEYED.get(spec.kind)
    else:
        allowed = None
    return _is_within(_of_field(allowed, spec), confidence, wanted_error_rate)


def accepts_total(confidence: float, wanted_error_rate: float, *, is_copied: bool) -> bool:
    """Whether an amount that the form's total confirms may go without a person.

    Args:
        confidence: Of its reading, 0 to 1.
        wanted_error_rate: Of the accepted values.
        is_copied: Some of its digits stand in the total as they are.
    """
    allowed = _COPIED if is_copied else _KEYED[FieldKind.AMOUNT]
    return _is_within(allowed, confidence, wanted_error_rate)


def _of_field(allowed: float | None, spec: FieldSpec) -> float | None:
    if allowed is None or spec.accept_doubt is None:
        return allowed
    return min(allowed, spec.accept_doubt)


def _is_within(allowed: float | None, confidence: float, wanted_error_rate: float) -> bool:
    if allowed is None:
        return False
    return 1.0 - confidence <= allowed * min(1.0, wanted_error_rate / _REFERENCE_RATE)


_BIRTH_IN_NIR = range(1, 5)  # the digits of a NIR that tell year and month
_NAMES = ("_surname", "_given_names", "declared_beneficiary", "declared_practitioner")
_DECLARED = "declared_"  # fields that name somebody once more who is named above
_LEAST_SURE = 0.5  # a name read twice with less than this was guessed twice
_LONG = 4  # letters; shorter words are alike by chance
_NEARLY = 75.0  # rapidfuzz ratio of one name read twice
_CENT = 0.005
_CENTS = 2  # cells of a comb
_CHARGES = ("amount", "travel_allowance", "travel_amount")


def cross_check(
    fields: Sequence[Field], wanted_error_rate: float, for_a_person: Collection[str] = ()
) -> tuple[Field, ...]:
    """Accept what others confirm, refuse what they contradict.

    Args:
        fields: Of one form.
        wanted_error_rate: Of the accepted values.
        for_a_person: Names of fields that nothing can confirm.
    """
    by_name = {field.name: field for field in fields}
    sums = _sum_speaks(fields)
    contradicted = _contradicted_names(fields) | _contradicted_births(by_name)
    contradicted |= _other_people(fields)
    changed = []
    for field in fields:
        accepted = field.name not in contradicted and (
            field.accepted or _stands_elsewhere(field, fields)
        )
        if field.check is Check.REPAIRED:
            accepted = "nir" in field.name and _has_witness(field, by_name)
        elif _is_charge(field) and field.value is not None:
            if sums is False or _may_be_a_rest(field):
                accepted = False
            elif sums:
                is_copied = _is_copied(field, fields)
                sure = min(one.confidence for one in _told_alike(field, fields))
                accepted |= accepts_total(sure, wanted_error_rate, is_copied=is_copied)
        accepted = accepted and field.name not in for_a_person
        changed.append(dataclasses.replace(field, accepted=accepted))
    return tuple(changed)


def _stands_elsewhere(field: Field, fields: Sequence[Field]) -> bool:
    """Whether each word of a doubtful name was read, the same and surely, in another field."""
    if field.value is None or not _is_name(field) or field.confidence < _LEAST_SURE:
        return False
    elsewhere = {
        word
        for other in fields
        if other.accepted and other.value is not None and _is_name(other)
        for word in other.value.split()
        if other.name != field.name
    }
    return set(field.value.split()) <= elsewhere


def _is_name(field: Field) -> bool:
    return field.name.endswith(_NAMES)


def _contradicted_names(fields: Sequence[Field]) -> set[str]:
    """Name fields of one person that hold nearly the same word, but not the same."""
    words = [
        (field.name, "practitioner" in field.name, word)
        for field in fields
        if field.value is not None and _is_name(field)
        for word in field.value.split()
        if len(word) >= _LONG
    ]
    return {
        name
        for (name, is_doctor, word), (other, other_is_doctor, its) in itertools.permutations(
            words, 2
        )
        if name != other
        and is_doctor == other_is_doctor
        and word != its
        and fuzz.ratio(word, its) >= _NEARLY
    }


def _other_people(fields: Sequence[Field]) -> set[str]:
    """All fields, where a person is declared under a name that shares no word with the one above.

    Nobody knows then which of them belong to whom.
    """
    for declared in fields:
        if not declared.name.startswith(_DECLARED) or not declared.value:
            continue
        who = declared.name.removeprefix(_DECLARED)
        named = [f for f in fields if f.name.startswith(who) and f.value and _is_name(f)]
        words = [word for field in named for word in (field.value or "").split()]
        alike = (fuzz.ratio(a, b) >= _NEARLY for a in words for b in declared.value.split())
        if words and not any(alike):
            return {field.name for field in fields}
    return set()


def _contradicted_births(fields: Mapping[str, Field]) -> set[str]:
    """NIR and birth date when they agree on the year and not on the month.

    A child's number is a parent's now and then: the years differ then.
    """
    nir, born = fields.get("nir"), fields.get("birth_date")
    if nir is None or born is None or nir.value is None or born.value is None:
        return set()
    day = dt.date.fromisoformat(born.value)
    is_same_year = int(nir.value[1:3]) == day.year % 100
    if not is_same_year or values.birth_agrees(nir.value, day):
        return set()
    return {nir.name, born.name}


def _has_witness(nir: Field, fields: Mapping[str, Field]) -> bool:
    if nir.value is None or len(nir.value) != len(nir.raw):
        return False
    if any(
        other.name != nir.name and other.value == nir.value and other.check is Check.OK
        for other in fields.values()
    ):
        return True
    born = fields.get("birth_date")
    if nir.name != "nir" or born is None or born.value is None or not born.accepted:
        return False
    repaired = [i for i, (a, b) in enumerate(zip(nir.raw, nir.value, strict=True)) if a != b]
    return all(i in _BIRTH_IN_NIR for i in repaired) and values.birth_agrees(
        nir.value, dt.date.fromisoformat(born.value)
    )


def _sum_speaks(fields: Sequence[Field]) -> bool | None:
    """Whether the charges add up to the total; None when there is no total to compare with.

    One misread digit breaks the sum, and two that cancel out are as good as never seen. A
    charge written but not read breaks it too: what it was cannot be guessed.
    """
    total = next((field for field in fields if field.name == "total"), None)
    if total is None or total.value is None:
        return None
    if any(f.value is None and f.raw for f in fields if _is_charge(f) and f is not total):
        return False
    read = [float(field.value) for field in _charges(fields) if field.value is not None]
    return bool(read) and abs(sum(read) - float(total.value)) < _CENT


def _charges(fields: Sequence[Field]) -> list[Field]:
    """The charges that were read, without their total."""
    return [f for f in fields if _is_charge(f) and f.name != "total" and f.value is not None]


def _is_copied(field: Field, fields: Sequence[Field]) -> bool:
    """Whether a digit of a charge stands at the same place of the total, noughts left aside.

    The same misread of both would leave the sum as it is.
    """
    total = next(other for other in fields if other.name == "total")
    return any(
        a == b != "0"
        for charge in _charges(fields)
        if field in (charge, total)
        for a, b in zip(_backwards(charge), _backwards(total), strict=False)
    )


def _told_alike(field: Field, fields: Sequence[Field]) -> list[Field]:
    """A charge with what repeats all of it: a single amount and its total are as sure together."""
    if len(_charges(fields)) > 1:
        return [field]
    return [one for one in fields if _is_charge(one) and one.value == field.value]


def _backwards(field: Field) -> str:
    return (field.value or "").replace(".", "")[::-1]


def _may_be_a_rest(field: Field) -> bool:
    """Whether an amount is nothing, or was written in the cells of its cents alone."""
    digits = sum(char.isdigit() for char in field.raw)
    has_comma = "," in field.raw or "." in field.raw
    return float(field.value or 0) == 0.0 or (digits <= _CENTS and not has_comma)


def _is_charge(field: Field) -> bool:
    return field.name == "total" or field.name.rstrip("_234") in _CHARGES


@dataclass(frozen=True, slots=True)
class AcceptanceContext:
    """What decides beside the page.

    No date lies after ``today``; ``wanted_error_rate`` is that of the accepted values.
    """

    today: dt.date
    wanted_error_rate: float
