"""What a value of a field may be: its keys, calendar and bounds, read by a machine or typed.

``check_read`` takes what a reader saw, in print and handwriting as they come; ``check_typed`` what
somebody keyed. Both bring it into the form that pôles receive and hold it to the same rules. The
page checks while somebody types (``static/checks.js``); what counts is decided here.

A value whose check failed is None. Keys that no source confirms (the last digit of an AM number)
prove nothing: such a number has ``Check.NONE``, and a reading of it is judged by its confidence.
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

MAX_TYPED_CHARACTERS = 1_000
OLDEST_YEAR = 1890
POSTCODE = re.compile(r"\b\d[\dO]{4}\b")  # a reader may spell its zeros as letters
_YEARS_AHEAD = 40  # an agreement's or a card's last day; further is a misread century
_LA_POSTE = "356000000"
_MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin",
    "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
)  # fmt: skip
_NIR = re.compile(
    r"[123478]\d{2}(0[1-9]|1[0-2]|2\d|3\d|4[0-2]|[5-9]\d)(\d{2}|2[AB])\d{6}(\d{2})?", re.ASCII
)
_TICKS = {"": "false", "0": "false", "non": "false", "false": "false",
          "1": "true", "x": "true", "oui": "true", "true": "true"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckedValue:
    """A usable value, or None, and what its own check says.

    ``problem`` says in French why what was typed cannot be; it is empty for what was read.
    """

    value: str | None
    check: Check
    problem: str = ""


class _Invalid(ValueError):
    """A text is no value of its kind; the message says why, in French."""


def check_read(spec: FieldSpec, raw: str, today: dt.date) -> CheckedValue:
    """Check one reading.

    Args:
        spec: The field.
        raw: What the reader saw; empty means unread.
        today: No date lies after it, but those of a field that may lie ahead.
    """
    text = raw.strip()
    if not text:
        return CheckedValue(None, Check.NONE)
    try:
        return _of_reading(spec, text, today)
    except _Invalid:
        return CheckedValue(None, Check.FAILED)


def _of_reading(spec: FieldSpec, text: str, today: dt.date) -> CheckedValue:
    match spec.kind:
        case FieldKind.NIR:
            return _nir(text)
        case FieldKind.DATE:
            return _day(*_read_date(text), latest_day(spec, today))
        case FieldKind.AMOUNT:
            return _amount(_with_point(text, spec.decimals))
        case FieldKind.DIGITS:
            return _number(re.sub(r"[^0-9]", "", text), spec.check)
        case FieldKind.IBAN:
            return _iban(text)
        case FieldKind.CODE:
            return CheckedValue(_read_code(text) or None, Check.NONE)
        case FieldKind.TICK | FieldKind.SIGNATURE:
            return CheckedValue(text, Check.NONE)
        case FieldKind.NAME:
            return _name(text)
        case FieldKind.TEXT | FieldKind.ADDRESS:
            return CheckedValue(_read_address(text), Check.NONE)


def check_typed(spec: FieldSpec, text: str, today: dt.date) -> CheckedValue:
    """Check what somebody typed.

    Args:
        spec: The field.
        text: What was typed; empty means nothing was.
        today: No date lies after it, but those of a field that may lie ahead.
    """
    plain = " ".join(text.split())
    if spec.kind is not FieldKind.TICK:
        if not plain:
            return CheckedValue(None, Check.NONE, "rien n'est saisi")
        if len(plain) > MAX_TYPED_CHARACTERS:
            return CheckedValue(None, Check.NONE, "trop long")
    try:
        return _of_typing(spec, plain, today)
    except _Invalid as problem:
        return CheckedValue(None, Check.FAILED, str(problem))


def _of_typing(spec: FieldSpec, text: str, today: dt.date) -> CheckedValue:
    match spec.kind:
        case FieldKind.TICK:
            return _typed_tick(text)
        case FieldKind.NIR:
            return _nir(text)
        case FieldKind.DATE:
            return _day(*_typed_date(spec, text, today), latest_day(spec, today))
        case FieldKind.AMOUNT:
            return _amount(_with_point(text))
        case FieldKind.DIGITS:
            return _number(re.sub(r"[\s.\-/]", "", text), spec.check)
        case FieldKind.IBAN:
            return _iban(text)
        case FieldKind.CODE:
            return _typed_code(text)
        case FieldKind.NAME:
            return _name(text)
        case FieldKind.TEXT | FieldKind.ADDRESS | FieldKind.SIGNATURE:
            return CheckedValue(text, Check.NONE)


def is_proved_nir(number: str) -> bool:
    """Whether 15 characters are a NIR with its key; Corsica's 2A and 2B count as 19 and 18."""
    return (
        len(number) == 15
        and _NIR.fullmatch(number) is not None
        and nir_number.calc_check_digits(number) == number[13:]
    )


def _nir(text: str) -> CheckedValue:
    digits = re.sub(r"[\s.\-|]", "", text).upper()
    if not _NIR.fullmatch(digits):
        raise _Invalid("13 ou 15 caractères : sexe, année, mois, lieu, ordre, clé")
    if len(digits) == 13:
        return CheckedValue(digits, Check.NONE)
    if not is_proved_nir(digits):
        raise _Invalid("la clé du NIR ne correspond pas")
    return CheckedValue(digits, Check.OK)


def birth_agrees(nir_value: str, born: dt.date) -> bool:
    """Whether a NIR's year and month are those of a birth date.

    Months from 20 on stand for incomplete civil records: they agree with any month.
    """
    month = int(nir_value[3:5])
    return int(nir_value[1:3]) == born.year % 100 and (month > 12 or month == born.month)


def latest_day(spec: FieldSpec, today: dt.date) -> dt.date:
    """The last day that a date field may hold."""
    return dt.date(today.year + _YEARS_AHEAD, 12, 31) if spec.may_lie_ahead else today


def _day(year: str, month: str, day: str, last: dt.date) -> CheckedValue:
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        raise _Invalid("cette date n'existe pas") from None
    if found > last:
        raise _Invalid("date à venir")
    if found.year < OLDEST_YEAR:
        raise _Invalid("date trop ancienne")
    return CheckedValue(found.isoformat(), Check.OK)


def _read_date(text: str) -> tuple[str, str, str]:
    """Year, month, day of ``JJMMAAAA`` with or without separators, or of ``3 mars 2026``."""
    plain = _without_accents(text.lower())
    if written := re.search(rf"(\d{{1,2}})(?:er)?\s*({'|'.join(_MONTHS)})\s*(\d{{4}})", plain):
        return written[3], str(_MONTHS.index(written[2]) + 1), written[1]
    if short := re.fullmatch(
        r"[^0-9]*(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d{4})[^0-9]*", plain
    ):
        return short[3], short[2], short[1]
    digits = re.sub(r"[^0-9]", "", plain)
    if len(digits) != 8:
        raise _Invalid("JJMMAAAA")
    return digits[4:], digits[2:4], digits[:2]


def _typed_date(spec: FieldSpec, text: str, today: dt.date) -> tuple[str, str, str]:
    """Year, month, day of ``JJMMAAAA``, ``JJMMAA``, ``J/M/AAAA`` or ISO."""
    if iso := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text):
        return iso[1], iso[2], iso[3]
    found = re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})", text) or re.fullmatch(
        r"(\d{2})(\d{2})(\d{4}|\d{2})", re.sub(r"\s", "", text)
    )
    if found is None:
        raise _Invalid("JJMMAAAA")
    day, month, year = found.groups()
    if len(year) == 2:
        newest = (today.year + spec.may_lie_ahead) % 100
        year = f"{20 if int(year) <= newest else 19}{year}"
    return year, month, day


def _with_point(text: str, decimals: int = 0) -> str:
    """An amount as digits and a point; of a comb, whose last cells are cents, ``2650`` is 26.50."""
    plain = re.sub(r"[\s€]|eur(os?)?", "", text.lower()).replace(",", ".")
    if decimals and re.fullmatch(r"[0-9]+", plain):
        plain = plain.zfill(decimals + 1)
        plain = f"{plain[:-decimals]}.{plain[-decimals:]}"
    return plain


def _amount(plain: str) -> CheckedValue:
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", plain):
        raise _Invalid("un montant : 26,50")
    euros, _, cents = plain.partition(".")
    return CheckedValue(f"{int(euros)}.{cents:0<2}", Check.NONE)


def _number(digits: str, check: NumberCheck) -> CheckedValue:
    if not (digits.isascii() and digits.isdigit()):
        raise _Invalid("des chiffres seulement")
    return CheckedValue(digits, _number_check(digits, check))


def _number_check(digits: str, check: NumberCheck) -> Check:
    """What a number's key says.

    The last digit of an AM number is said to be a key, by no source: nine digits are one.
    """
    holds = luhn.is_valid(digits)
    match check, len(digits):
        case NumberCheck.NONE, _:
            return Check.NONE
        case ((NumberCheck.AM | NumberCheck.RPPS_OR_AM), 9):
            return Check.NONE
        case ((NumberCheck.RPPS | NumberCheck.RPPS_OR_AM), 11):
            return _proved(holds, "la clé RPPS ne correspond pas")
        case ((NumberCheck.RPPS | NumberCheck.AM | NumberCheck.RPPS_OR_AM), _):
            raise _Invalid("9 chiffres (AM) ou 11 (RPPS)")
        case ((NumberCheck.SIRET | NumberCheck.STRUCTURE), 14):
            return _proved(_siret_holds(digits), "clé du SIRET fausse")
        case NumberCheck.SIRET, _:
            raise _Invalid("14 chiffres")
        case NumberCheck.STRUCTURE, 9:
            return Check.OK if holds else Check.NONE  # a FINESS, or an AM number
        case NumberCheck.FINESS, 9:
            return _proved(holds, "la clé FINESS ne correspond pas")
        case NumberCheck.LUHN, _:
            return _proved(holds, "la clé ne correspond pas")
        case _:
            raise _Invalid("9 chiffres, ou 14 pour un SIRET")


def _proved(holds: bool, problem: str) -> Check:
    if not holds:
        raise _Invalid(problem)
    return Check.OK


def _siret_holds(digits: str) -> bool:
    """Luhn's key; at La Poste a sum that is a multiple of 5 does as well.

    ``stdnum.fr.siret`` wants that sum of all places of La Poste, and refuses the older ones.
    """
    if digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    return bool(luhn.is_valid(digits)) and bool(luhn.is_valid(digits[:9]))


def _iban(text: str) -> CheckedValue:
    """A French account number."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not re.fullmatch(r"FR[0-9]{12}[A-Z0-9]{11}[0-9]{2}", plain):
        raise _Invalid("FR et 25 caractères")
    if not iban_number.is_valid(plain):
        raise _Invalid("clé de l'IBAN fausse")
    return CheckedValue(plain, Check.OK)


def _name(text: str) -> CheckedValue:
    name = re.sub(r"\s+", " ", text)
    if not re.search(r"[^\W\d_]", name):
        raise _Invalid("pas un nom")
    return CheckedValue(name, Check.NONE)


def is_ccam(text: str) -> bool:
    """Whether capitals and digits make a CCAM code, zeros and Os not told apart."""
    return re.fullmatch(r"[A-Z0]{4}[0-9O]{3}", text) is not None


def is_usual_code(text: str) -> bool:
    """Whether an act's code is of the nomenclature: a few capitals, or four and three digits.

    A single 0, 1, 5, 6 or 8 behind capitals is most often a letter (``CS``, ``GS``), and an I or O
    before three digits a Q, a D or a J.
    """
    return re.fullmatch(r"[A-Z]{1,4}[2-479]?|[A-HJ-NP-Z]{4}\d{3}", text) is not None


def _capitals_and_digits(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _read_code(text: str) -> str:
    """A CCAM code is four letters and three digits, so an O there is a 0."""
    plain = _capitals_and_digits(text)
    if is_ccam(plain):
        return plain[:4].replace("0", "O") + plain[4:].replace("O", "0")
    return plain


def _typed_code(text: str) -> CheckedValue:
    code = _capitals_and_digits(text)
    if not code:
        raise _Invalid("lettres et chiffres seulement")
    return CheckedValue(code, Check.NONE)


def _typed_tick(text: str) -> CheckedValue:
    value = _TICKS.get(text.lower())
    if value is None:
        raise _Invalid("x pour une case cochée, rien sinon")
    return CheckedValue(value, Check.NONE)


def _read_address(text: str) -> str:
    """One line; a postcode pulled apart (``1 7300 ROCHEFORT``) or spelt (``1730O``) is mended."""
    line = re.sub(r"\s+", " ", text)
    line = re.sub(r"(?<=\D )(\d) (\d{4})(?= \D)", r"\1\2", line)
    return re.sub(POSTCODE, lambda found: found[0].replace("O", "0"), line)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
