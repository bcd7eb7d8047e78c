"""How values and the names of fields are written for people (French), and values for JSON.

A test holds the names of fields to the forms.
"""

import datetime as dt
import math
import re
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from vaguemestre.model.calendar import paris_time

_LINE = re.compile(r"(.+)_(\d)$")
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "account_holder": "titulaire du compte",
        "accident_date": "date de l'accident",
        "accident_number": "numéro de l'accident",
        "act_code": "code de l'acte",
        "act_date": "date de l'acte",
        "activity": "activité",
        "address": "adresse",
        "admitted_on": "entrée le",
        "agreement": "accord",
        "agreement_from": "accord du",
        "agreement_to": "accord jusqu'au",
        "ald": "acte conforme au protocole ALD",
        "ald_listed": "ALD sur liste",
        "ald_not_exempting": "ALD non exonérante",
        "ald_unlisted": "ALD hors liste",
        "amount": "montant des honoraires",
        "article_115": "soins article L. 115",
        "attending_doctor_replaced": "médecin traitant remplacé",
        "away_from_home": "hors résidence habituelle",
        "beneficiary_given_names": "prénoms du bénéficiaire",
        "beneficiary_name": "nom et prénom du bénéficiaire",
        "beneficiary_surname": "nom du bénéficiaire",
        "bic": "BIC",
        "birth_date": "date de naissance",
        "care_duration": "durée des soins",
        "clinical_arguments": "arguments cliniques",
        "consultation": "C, CS, CNPSY, V…",
        "coordination": "dispositif de coordination",
        "country": "pays",
        "date": "date",
        "date_from": "du",
        "date_to": "au",
        "death_date": "date du décès",
        "declared_beneficiary": "bénéficiaire déclarant",
        "declared_practitioner": "médecin déclaré",
        "diagnosis": "diagnostic",
        "diagnosis_date": "date du diagnostic",
        "direct_access": "accès direct spécifique",
        "discharged_on": "sortie le",
        "emergency": "urgence",
        "employer_name": "nom de l'employeur",
        "employer_siret": "SIRET de l'employeur",
        "excess": "dépassement",
        "iban": "IBAN",
        "illness": "maladie",
        "insured_given_names": "prénoms de l'assuré",
        "insured_name": "nom et prénom de l'assuré",
        "insured_nir": "NIR de l'assuré",
        "insured_surname": "nom de l'assuré",
        "invoice_number": "numéro de facture",
        "laboratory_follow_up": "suivi biologique",
        "last_worked_day": "dernier jour travaillé",
        "maternity": "maternité",
        "maternity_date": "date de grossesse ou d'accouchement",
        "member_number": "numéro d'adhérent",
        "net_paid": "net payé",
        "new_attending_doctor": "nouveau médecin traitant",
        "nir": "NIR",
        "not_paid_complementary": "part complémentaire non payée",
        "not_paid_mandatory": "part obligatoire non payée",
        "organisation_code": "code de l'organisme",
        "other": "autre",
        "other_act": "autre acte",
        "outside_pathway": "hors parcours de soins",
        "paramedical": "soins paramédicaux",
        "period": "période",
        "practitioner": "médecin",
        "practitioner_given_names": "prénoms du médecin",
        "practitioner_id": "identifiant du médecin",
        "practitioner_surname": "nom du médecin",
        "prevention": "action de prévention",
        "pricing_element": "élément de tarification",
        "prior_agreement_date": "date d'accord préalable",
        "reclassification_no": "reclassement : non",
        "reclassification_yes": "reclassement : oui",
        "referring_doctor": "médecin qui adresse",
        "refusal_reason": "motif du refus",
        "refused": "refus",
        "replacement_id": "identifiant du remplaçant",
        "replacement_name": "nom du remplaçant",
        "return_reason": "motif de non-distribution",
        "several_conditions": "polypathologie",
        "specialists": "recours aux spécialistes",
        "stop_from": "arrêt du",
        "stop_to": "arrêt jusqu'au",
        "stoppage_duration": "durée de l'arrêt",
        "structure": "structure",
        "structure_id": "numéro de la structure",
        "third_party_date": "date de l'accident causé par un tiers",
        "third_party_no": "accident causé par un tiers : non",
        "third_party_yes": "accident causé par un tiers : oui",
        "total": "montant total",
        "travel_allowance": "indemnité de déplacement",
        "travel_amount": "montant des déplacements",
        "travel_count": "nombre de déplacements",
        "treatments": "traitements",
        "unable_to_sign": "assuré dans l'impossibilité de signer",
        "valid_until": "valable jusqu'au",
        "work_accident": "accident du travail",
    }
)


def field_name(name: str) -> str:
    """A field's name in French; that of a further line of the form says which line."""
    if name in _NAMES:
        return _NAMES[name]
    if (line := _LINE.fullmatch(name)) and line[1] in _NAMES:
        return f"{_NAMES[line[1]]}, ligne {line[2]}"
    return name


_PLURAL_FROM = 2
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TICKS = {"true": "cochée", "false": "non cochée"}
_NARROW_SPACE = "\u202f"
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def plain(value: object) -> object:
    """What JSON cannot hold as it is: ids and times become text, sets lists.

    Raises:
        TypeError: as json.dumps wants it.
    """
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def local(value: dt.datetime) -> dt.datetime:
    """A moment in French time; at either end of the calendar, as it is."""
    try:
        return paris_time(value)
    except (OverflowError, ValueError):
        return value


def day(value: dt.date | None) -> str:
    """``24/11/2026``; a dash for none."""
    if isinstance(value, dt.datetime):
        value = local(value)
    return f"{value:%d/%m/%Y}" if value else "–"


def moment(value: dt.datetime | None) -> str:
    """``24/11/2026 14:05``, French time; a dash for none."""
    return f"{local(value):%d/%m/%Y %H:%M}" if value else "–"


def brief(value: dt.datetime | None) -> str:
    """``24/11 14:05``, French time, where the year goes without saying; a dash for none."""
    return f"{local(value):%d/%m %H:%M}" if value else "–"


def second(value: dt.datetime | None) -> str:
    """``24/11/2026 14:05:09``, French time; a dash for none."""
    return f"{local(value):%d/%m/%Y %H:%M:%S}" if value else "–"


def clock(value: dt.datetime | None) -> str:
    """``14:05``, French time; a dash for none."""
    return f"{local(value):%H:%M}" if value else "–"


def month(value: dt.date) -> str:
    """``novembre 2026``."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def short_day(value: dt.date | None) -> str:
    """``ven. 27/11``; a dash for none."""
    if isinstance(value, dt.datetime):
        value = local(value)
    return f"{_DAYS[value.weekday()]} {value:%d/%m}" if value else "–"


def soon(value: dt.datetime | None) -> str:
    """``ven. 27/11 à 10 h``, French time; a dash for none."""
    return f"{short_day(value)} à {local(value).hour}\u00a0h" if value else "–"


def count(value: float | None) -> str:
    """``12 345`` with a narrow space; a dash for none."""
    return "–" if value is None else f"{value:,.0f}".replace(",", _NARROW_SPACE)


def counted(value: float, words: str) -> str:
    """``1 livraison relancée``, ``4 livraisons relancées``: each word takes its plural."""
    if value >= _PLURAL_FROM:
        words = " ".join(one if one[-1] in "sxz" else f"{one}s" for one in words.split())
    return f"{count(value)}\u00a0{words}"


def field_value(value: str) -> str:
    """A field's value as it stands on paper: ``2026-03-20`` is ``20/03/2026``, a tick a word."""
    if found := _ISO_DAY.fullmatch(value):
        return "/".join(reversed(found.groups()))
    return _TICKS.get(value, value)


def share(part: float, whole: float) -> str:
    """``97,3 %``; a dash of nothing."""
    if not whole:
        return "–"
    return f"{100 * part / whole:.1f}".replace(".", ",") + "\u00a0%"


def percent(value: float) -> str:
    """``0,12 %`` of a share; two digits, for rates that are small."""
    return f"{100 * value:.2f}".replace(".", ",") + "\u00a0%"


def tick(value: float) -> str:
    """``0,5 %`` of a share, with no more digits than it needs."""
    return f"{100 * value:g}".replace(".", ",") + "\u00a0%"


def decimal(value: float) -> str:
    """``0,0125``."""
    return f"{value:.4f}".rstrip("0").rstrip(".").replace(".", ",")


def age(value: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """``3 min``, ``5 h``, ``2 j`` since a moment; a dash for none."""
    if value is None:
        return "–"
    return duration(((now or dt.datetime.now(dt.UTC)) - value).total_seconds())


def duration(seconds: float) -> str:
    """``40 s``, ``3 min``, ``5 h``, ``2 j``."""
    seconds = max(0.0, seconds)
    for unit, size, below in (("s", 1, 60), ("min", 60, 3_600), ("h", 3_600, 172_800)):
        if seconds < below:
            return f"{seconds / size:.0f}\u00a0{unit}"
    return f"{seconds / 86_400:.0f}\u00a0j"


def size(value: float | None) -> str:
    """``1,4 Go``; a dash for none."""
    if value is None:
        return "–"
    power = min(4, int(math.log10(max(1.0, value)) / 3))
    text = f"{value / 1_000**power:.{1 if power else 0}f}".replace(".", ",")
    return f"{text}\u00a0{('o', 'ko', 'Mo', 'Go', 'To')[power]}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day,
    "moment": moment,
    "brief": brief,
    "second": second,
    "clock": clock,
    "month": month,
    "short_day": short_day,
    "soon": soon,
    "share": share,
    "count": count,
    "percent": percent,
    "counted": counted,
    "field_value": field_value,
    "decimal": decimal,
    "tick": tick,
    "field_name": field_name,
    "age": age,
    "duration": duration,
    "size": size,
}
