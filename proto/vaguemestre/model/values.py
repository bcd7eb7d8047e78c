"""Normalise what was read and check it: NIR keys, calendars, Luhn sums.

``value`` is given only when it can be used: a value whose check failed is None, and what the
reader saw stays in the field's ``raw``. Keys that no source confirms (the last digit of an AM
number) prove nothing here: such a number has ``Check.NONE`` and is judged by its confidence.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from stdnum import iban as iban_number
from stdnum import luhn
from stdnum.fr import nir as nir_number

from vaguemestre.model.document import Check
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck

OLDEST_YEAR = 1890
_YEARS_AHEAD = 40  # an agreement's or a card's last day; further is a misread century
_LA_POSTE = "356000000"
_MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin",
    "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
)  # fmt: skip
POSTCODE = re.compile(r"\b\d[\dO]{4}\b")  # a reader may spell its zeros as letters
_NIR = re.compile(
    r"[123478]\d{2}(0[1-9]|1[0-2]|2\d|3\d|4[0-2]|[5-9]\d)(\d{2}|2[AB])\d{6}(\d{2})?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A usable value, or None, and what its own check says."""

    value: str | None
    check: Check


_UNREAD = Normalised(None, Check.NONE)
_FAILED = Normalised(None, Check.FAILED)


def check_read(spec: FieldSpec, raw: str, today: dt.date) -> Normalised:
    """Bring one reading into the form that pôles receive.

    Args:
        spec: The field's kind and check.
        raw: What the reader saw; empty means unread.
        today: No date lies after it, but those of a field that may lie ahead.
    """
    text = raw.strip()
    if not text:
        return _UNREAD
    match spec.kind:
        case FieldKind.NIR:
            return nir(text)
        case FieldKind.DATE:
            return date(text, latest(spec, today))
        case FieldKind.AMOUNT:
            return amount(text, spec.decimals)
        case FieldKind.DIGITS:
            return number(text, spec.check)
        case FieldKind.IBAN:
            return iban(text)
        case FieldKind.CODE:
            return Normalised(code(text) or None, Check.NONE)
        case FieldKind.TICK | FieldKind.SIGNATURE:
            return Normalised(text, Check.NONE)
        case FieldKind.NAME:
            name = re.sub(r"\s+", " ", text)
            return Normalised(name, Check.NONE) if re.search(r"[^\W\d_]", name) else _FAILED
        case FieldKind.TEXT | FieldKind.ADDRESS:
            return Normalised(address(text), Check.NONE)


def address(text: str) -> str:
    """One line; a postcode pulled apart (``1 7300 ROCHEFORT``) or spelt (``1730O``) is mended."""
    line = re.sub(r"\s+", " ", text)
    line = re.sub(r"(?<=\D )(\d) (\d{4})(?= \D)", r"\1\2", line)
    return re.sub(POSTCODE, lambda found: found[0].replace("O", "0"), line)


def code(text: str) -> str:
    """Capitals and digits; a CCAM code is four letters and three digits, so an O there is a 0."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if is_ccam(plain):
        return plain[:4].replace("0", "O") + plain[4:].replace("O", "0")
    return plain


def is_ccam(text: str) -> bool:
    """Whether capitals and digits make a CCAM code, zeros and Os not told apart."""
    return re.fullmatch(r"[A-Z0]{4}[0-9O]{3}", text) is not None


def is_usual_code(text: str) -> bool:
    """Whether an act's code is of the nomenclature: a few capitals, or four and three digits.

    A single 0, 1, 5, 6 or 8 behind capitals is most often a letter (``CS``, ``GS``), and an I or O
    before three digits a Q, a D or a J.
    """
    return re.fullmatch(r"[A-Z]{1,4}[2-479]?|[A-HJ-NP-Z]{4}\d{3}", text) is not None


def nir(text: str) -> Normalised:
    """13 digits and a two-digit key; Corsica's 2A and 2B count as 19 and 18."""
    digits = re.sub(r"[\s.\-|]", "", text).upper()
    if not _NIR.fullmatch(digits):
        return _FAILED
    if len(digits) == 13:
        return Normalised(digits, Check.NONE)
    holds = nir_number.calc_check_digits(digits) == digits[13:]
    return Normalised(digits, Check.OK) if holds else _FAILED


def date(text: str, last: dt.date) -> Normalised:
    """``JJMMAAAA`` with or without separators, or ``3 mars 2026``; ISO comes out.

    A day after ``last``, before 1890 or in no calendar fails.
    """
    plain = _without_accents(text.lower())
    parts: tuple[str, ...] | None = None
    if written := re.search(rf"(\d{{1,2}})(?:er)?\s*({'|'.join(_MONTHS)})\s*(\d{{4}})", plain):
        day, month, year = written.groups()
        parts = (year, str(_MONTHS.index(month) + 1), day)
    elif short := re.fullmatch(
        r"[^0-9]*(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d{4})[^0-9]*", plain
    ):
        parts = (short[3], short[2], short[1])
    elif len(digits := re.sub(r"[^0-9]", "", plain)) == 8:
        parts = (digits[4:], digits[2:4], digits[:2])
    if parts is None:
        return _FAILED
    try:
        found = dt.date(*(int(part) for part in parts))
    except ValueError:
        return _FAILED
    if found > last or found.year < OLDEST_YEAR:
        return _FAILED
    return Normalised(found.isoformat(), Check.OK)


def amount(text: str, decimals: int = 0) -> Normalised:
    """``26,50 €`` or, in a comb whose last cells are cents, ``2650``; ``26.50`` comes out."""
    plain = re.sub(r"[\s€]|eur(os?)?", "", text.lower()).replace(",", ".")
    if decimals and re.fullmatch(r"[0-9]+", plain):
        plain = plain.zfill(decimals + 1)
        plain = f"{plain[:-decimals]}.{plain[-decimals:]}"
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", plain):
        return _FAILED
    return Normalised(f"{float(plain):.2f}", Check.NONE)


def number(text: str, check: NumberCheck) -> Normalised:
    """Digits with the key that the field asks for."""
    digits = re.sub(r"[^0-9]", "", text)
    if not digits:
        return _FAILED
    verdict = _verdict(digits, check)
    return _FAILED if verdict is None else Normalised(digits, verdict)


def _verdict(digits: str, check: NumberCheck) -> Check | None:
    """What the number's key says; None when no number of this kind looks so.

    The last digit of an AM number is said to be a key, by no source: nine digits are one.
    """
    holds = luhn.is_valid(digits)
    match check, len(digits):
        case NumberCheck.NONE, _:
            return Check.NONE
        case ((NumberCheck.AM | NumberCheck.RPPS_OR_AM), 9):
            return Check.NONE
        case NumberCheck.STRUCTURE, 9:
            return Check.OK if holds else Check.NONE
        case ((NumberCheck.RPPS | NumberCheck.RPPS_OR_AM), 11):
            return Check.OK if holds else None
        case NumberCheck.FINESS, 9:
            return Check.OK if holds else None
        case ((NumberCheck.SIRET | NumberCheck.STRUCTURE), 14):
            return Check.OK if _siret_holds(digits) else None
        case NumberCheck.LUHN, _:
            return Check.OK if holds else None
        case _:
            return None


def _siret_holds(digits: str) -> bool:
    if digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    return luhn.is_valid(digits) and luhn.is_valid(digits[:9])


def iban(text: str) -> Normalised:
    """A French account number, mod 97."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not re.fullmatch(r"FR[0-9]{12}[A-Z0-9]{11}[0-9]{2}", plain):
        return _FAILED
    return Normalised(plain, Check.OK) if iban_number.is_valid(plain) else _FAILED


def birth_agrees(nir_value: str, born: dt.date) -> bool:
    """Whether a NIR's year and month are those of a birth date.

    Months from 20 on stand for incomplete civil records: they agree with any month.
    """
    month = int(nir_value[3:5])
    return int(nir_value[1:3]) == born.year % 100 and (month > 12 or month == born.month)


def latest(spec: FieldSpec, today: dt.date) -> dt.date:
    """The last day that a date field may hold."""
    return dt.date(today.year + _YEARS_AHEAD, 12, 31) if spec.may_lie_ahead else today


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
