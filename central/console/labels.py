"""What people read for the codes that programs use."""

from collections.abc import Sequence

from central.console.field_names import field_name
from central.domain.returns import Cause

_REASONS = {
    "unknown": "type inconnu",
    "misdirected": "autre organisme",
    "type_doubtful": "type douteux",
    "type_unexpected": "type inattendu dans ce lot",
    "probable_duplicate": "doublon probable",
    "front_missing": "recto manquant",
    "page_missing": "page manquante",
    "blurred": "image floue",
    "dust": "image poivrée, nettoyée avant lecture",
    "unregistered": "formulaire non recalé",
    "layout_unverified": "formulaire non vérifié",
    "type_for_a_person": "à traiter par une personne",
    "split": "séparé d'un autre document",
    "rescanned": "numérisé de nouveau",
    "rescan_unknown": "réponse à une demande close ou inconnue",
}
_FIELD = "field:"
ALWAYS_BY_A_PERSON = "type_for_a_person"
CAUSES = {
    Cause.WRONG_POLE: "mauvais pôle",
    Cause.WRONG_TYPE: "mauvais type",
    Cause.UNREADABLE: "illisible",
    Cause.INCOMPLETE: "incomplet",
    Cause.DUPLICATE: "doublon",
    Cause.OTHER: "autre",
}
_LOT_STATES = {
    "arriving": "en cours d'arrivée",
    "read": "complet",
    "closed_short": "clos incomplet",
    "closed_over": "clos en excédent",
}
_ROLES = {
    "scanner": "numérisation",
    "keyer": "vidéocodage",
    "supervisor": "encadrement",
    "operations": "exploitation",
    "auditor": "audit",
    "admin": "administration",
}
_CIRCUITS = {"open": "injoignable", "half_open": "essai en cours"}


def reasons(codes: Sequence[str]) -> list[str]:
    """Why a document waits for a person, without what goes without saying."""
    telling = [code for code in codes if code != ALWAYS_BY_A_PERSON]
    return [reason(code) for code in telling or codes]


def reason(code: str) -> str:
    """One reason; a field is named, its value is not."""
    if code.startswith(_FIELD):
        return f"champ {field_name(code.removeprefix(_FIELD))}"
    return _REASONS.get(code, code)


def cause(code: str) -> str:
    """Why a pôle gave a document back."""
    return CAUSES[Cause(code)] if code in set(Cause) else code


def lot_state(code: str) -> str:
    """Where a lot stands."""
    return _LOT_STATES.get(code, code)


def circuit(code: str | None) -> str:
    """Whether a destination is left alone; empty when it is not."""
    return _CIRCUITS.get(code or "", "")


def role(code: str) -> str:
    """What somebody is."""
    return _ROLES.get(code, code)
