"""What people type into fields: brought into the form that pôles receive, and checked.

The same rules as at the stations (proto/vaguemestre/model/values.py), for keyboards instead of
readers. The page checks while somebody types (static/checks.js); what counts is decided here.
"""

import datetime as dt
import re
from dataclasses import dataclass

from stdnum import iban as iban_number
from stdnum import luhn
from stdnum.fr import nir as nir_number

from vaguemestre.model.forms import FieldSpec

_OLDEST_YEAR = 1890
_YEARS_AHEAD = 40
_LA_POSTE = "356000000"
_NIR = re.compile(
    r"[123478]\d{2}(0[1-9]|1[0-2]|2\d|3\d|4[0-2]|[5-9]\d)(\d{2}|2[AB])\d{6}(\d{2})?", re.ASCII
)
_TICKS = {"": "false", "0": "false", "non": "false", "false": "false",
          "1": "true", "x": "true", "oui": "true", "true": "true"}  # fmt: skip
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What became of what was typed.

    ``problem`` is French and says why it cannot be; it is empty when ``value`` can be used.
    ``check`` is ``ok`` where a key, a calendar or a sum confirms the value, else ``none``.
    """

    value: str | None
    check: str = "none"
    problem: str = ""


def check_typed(spec: FieldSpec, text: str, today: dt.date) -> Typed:
    """Check one value.

    Args:
        spec: The field.
        text: What was typed; empty means nothing was.
        today: No date lies after it, but those of a field that may lie ahead.
    """
    plain = " ".join(text.split())
    if spec.kind == "tick":
        return _tick(plain)
    if not plain:
        return Typed(None, problem="rien n'est saisi")
    if len(plain) > LONGEST:
        return Typed(None, problem="trop long")
    match spec.kind:
        case "nir":
            return _nir(plain)
        case "date":
            return _date(plain, today, may_lie_ahead=spec.may_lie_ahead)
        case "amount":
            return _amount(plain)
        case "digits":
            return _number(plain, spec.check)
        case "iban":
            return _iban(plain)
        case "code":
            code = re.sub(r"[^A-Z0-9]", "", plain.upper())
            return Typed(code) if code else _wrong("lettres et chiffres seulement")
        case "name":
            return Typed(plain) if re.search(r"[^\W\d_]", plain) else _wrong("pas un nom")
        case _:
            return Typed(plain)


def _wrong(problem: str) -> Typed:
    return Typed(None, "failed", problem)


def _tick(text: str) -> Typed:
    value = _TICKS.get(text.lower())
    return Typed(value) if value else _wrong("x pour une case cochée, rien sinon")


def _nir(text: str) -> Typed:
    digits = re.sub(r"[\s.\-|]", "", text).upper()
    if not _NIR.fullmatch(digits):
        return _wrong("13 ou 15 caractères : sexe, année, mois, lieu, ordre, clé")
    if len(digits) == 13:
        return Typed(digits)
    if nir_number.calc_check_digits(digits) != digits[13:]:
        return _wrong("la clé du NIR ne correspond pas")
    return Typed(digits, "ok")


def _date(text: str, today: dt.date, *, may_lie_ahead: bool) -> Typed:
    """``JJMMAAAA``, ``JJMMAA``, ``J/M/AAAA``; ISO is taken too and comes out."""
    if iso := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text):
        year, month, day = iso.groups()
    elif parted := re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})", text):
        day, month, year = parted.groups()
    elif whole := re.fullmatch(r"(\d{2})(\d{2})(\d{4}|\d{2})", re.sub(r"\s", "", text)):
        day, month, year = whole.groups()
    else:
        return _wrong("JJMMAAAA")
    last = dt.date(today.year + _YEARS_AHEAD, 12, 31) if may_lie_ahead else today
    if len(year) == 2:
        this = last.year % 100 if not may_lie_ahead else (today.year + 1) % 100
        year = f"{20 if int(year) <= this else 19}{year}"
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        return _wrong("cette date n'existe pas")
    if found > last:
        return _wrong("date à venir")
    if found.year < _OLDEST_YEAR:
        return _wrong("date trop ancienne")
    return Typed(found.isoformat(), "ok")


def _amount(text: str) -> Typed:
    plain = re.sub(r"[\s€]|eur(os?)?", "", text.lower()).replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", plain, re.ASCII):
        return _wrong("un montant : 26,50")
    euros, _, cents = plain.partition(".")
    return Typed(f"{int(euros)}.{cents:0<2}")


def _number(text: str, check: str) -> Typed:
    digits = re.sub(r"[\s.\-/]", "", text)
    if not (digits.isascii() and digits.isdigit()):
        return _wrong("des chiffres seulement")
    holds, size = luhn.is_valid(digits), len(digits)
    match check:
        case "rpps" | "rpps_or_am" if size == 11:
            return Typed(digits, "ok") if holds else _wrong("la clé RPPS ne correspond pas")
        case "am" | "rpps_or_am" if size == 9:
            return Typed(digits)
        case "rpps" | "am" | "rpps_or_am":
            return _wrong("9 chiffres (AM) ou 11 (RPPS)")
        case "siret" | "structure" if size == 14:
            return Typed(digits, "ok") if _siret_holds(digits) else _wrong("clé du SIRET fausse")
        case "siret":
            return _wrong("14 chiffres")
        case "finess" | "structure" if size == 9:
            return _nine(digits, check, holds=holds)
        case "finess" | "structure":
            return _wrong("9 chiffres, ou 14 pour un SIRET")
        case "luhn":
            return Typed(digits, "ok") if holds else _wrong("la clé ne correspond pas")
        case _:
            return Typed(digits)


def _nine(digits: str, check: str, *, holds: bool) -> Typed:
    """A FINESS has a key; an AM number of nine digits has none that a source confirms."""
    if holds:
        return Typed(digits, "ok")
    return _wrong("la clé FINESS ne correspond pas") if check == "finess" else Typed(digits)


def _siret_holds(digits: str) -> bool:
    if digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    return bool(luhn.is_valid(digits)) and bool(luhn.is_valid(digits[:9]))


def _iban(text: str) -> Typed:
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not re.fullmatch(r"FR[0-9]{12}[A-Z0-9]{11}[0-9]{2}", plain):
        return _wrong("FR et 25 caractères")
    return Typed(plain, "ok") if iban_number.is_valid(plain) else _wrong("clé de l'IBAN fausse")
