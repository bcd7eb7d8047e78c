"""What people read for the codes that programs use."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from central.console.field_names import field_name
from central.domain.access import ALL
from central.domain.returns import Cause
from central.pictures.attached import ATTACHED_FROM

_REASONS = {
    "unknown": "type inconnu",
    "misdirected": "autre organisme",
    "type_doubtful": "type douteux",
    "type_unexpected": "type inattendu dans ce lot",
    "probable_duplicate": "doublon probable",
    "front_missing": "recto manquant",
    "page_missing": "page manquante",
    "order_unsure": "ordre des pages incertain",
    "rhythm_broken": "rythme recto verso rompu",
    "other_person": "deux personnes qui se suivent",
    "page_unexpected": "page inattendue",
    "continuation": "suite d'un lot",
    "probably_split": "lot probablement coupé en deux",
    "blurred": "image floue",
    "dust": "image poivrée, nettoyée avant lecture",
    "negative": "image en négatif, retournée pour la lecture",
    "dark": "image sombre, à vérifier",
    "faint": "écriture très pâle",
    "placeholder": "page d'attente : le contenu est ailleurs dans le fichier",
    "attachments": "le PDF porte des pièces jointes non lues",
    "unregistered": "formulaire non recalé",
    "distorted": "feuille déformée ou autre édition",
    "outside_content": "contenu hors du formulaire",
    "layout_unverified": "formulaire non vérifié",
    "type_for_a_person": "à traiter par une personne",
    "split": "séparé d'un autre document",
    "seen_wrong": "lecture jugée fausse dans un groupe",
    "rescanned": "numérisé de nouveau",
    "rescan_unknown": "réponse à une demande close ou inconnue",
}
_OF_PAGES = {  # what a page bears beside, and waits for nobody
    "border": "bord noir effacé",
    "bitonal_twin": "deux images de la même face",
    "dpi_assumed": "résolution supposée",
    "resampled": "image mise à l'échelle",
    "colormap_repaired": "couleurs rétablies",
}
_FIELD = "field:"
ALWAYS_BY_A_PERSON = "type_for_a_person"
CAUSES = {
    Cause.WRONG_POLE: "mauvais pôle",
    Cause.WRONG_TYPE: "mauvais type",
    Cause.UNREADABLE: "illisible",
    Cause.INCOMPLETE: "incomplet",
    Cause.DUPLICATE: "doublon",
    Cause.WRONG_VALUE: "valeur fausse",
    Cause.OTHER: "autre",
}
_TYPES = {"unknown": "inconnu", "misdirected": "autre organisme", "pnd": "pli non distribué"}
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
_DOCUMENT_STATES = {
    "to_name": "à nommer",
    "to_key": "à vidéocoder",
    "to_rescan": "à renumériser",
    "ready": "à livrer",
    "delivered": "livré",
    "dead": "en échec",
    "discarded": "écarté",
}
_DELIVERY_STATES = {
    "waiting": "en attente",
    "claimed": "en cours",
    "delivered": "livrée",
    "dead": "en échec",
    "held": "retenue",
    "discarded": "abandonnée",
    "returned": "rendue",
}
_ROUTES = {"straight": "sans intervention", "name": "à nommer", "key": "à vidéocoder"}
_CHANNELS = {
    "scanner": "scanner",
    "mailbox": "messagerie",
    "platform": "plateforme",
    "upload": "dépôt",
}
_STANDINGS = {
    "late": "en retard",
    "today": "aujourd'hui",
    "next": "jour ouvré suivant",
    "soon": "sous 3 jours ouvrés",
    "later": "plus tard",
    "none": "sans délai",
}
_KEYED_REASONS = {
    "illegible": "illisible",
    "absent": "absent",
    "wrong_on_paper": "faux sur le papier",
}
_RESCANS = {
    "asked": "demandée",
    "told": "connue du site",
    "answered": "faite",
    "impossible": "impossible",
    "withdrawn": "retirée",
}
_CHECKS = {"ok": "clé juste", "repaired": "corrigé par la clé", "failed": "clé fausse", "none": ""}
_PASSES = {
    "first": "saisie",
    "second": "seconde saisie",
    "arbitration": "arbitrage",
    "control": "contrôle en aveugle",
    "control_arbitration": "arbitrage du contrôle",
}
_KINDS = {
    "nir": "NIR",
    "date": "date",
    "digits": "nombre",
    "amount": "montant",
    "code": "code",
    "name": "nom",
    "text": "texte",
    "address": "adresse",
    "iban": "IBAN",
    "tick": "case",
    "signature": "signature",
}
_RETENTIONS = {
    "accident": "règle des accidents du travail",
    "correspondence": "règle des courriers",
    "returned_mail": "règle des plis non distribués",
    "rights": "règle des droits",
    "voucher_two_years_six_months": "règle des pièces de paiement, 2 ans et 6 mois",
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
    return _REASONS.get(code) or _OF_PAGES.get(code, code)


def page_of(index: int) -> str:
    """A page of a scanner's file by its index, as people count, in an attached file maybe."""
    number, inner = divmod(index, ATTACHED_FROM)
    return f"pièce jointe {number}, page {inner + 1}" if number else str(inner + 1)


_PASSED_ON = {
    "give_back": "Rendu à la file",
    "skip": "Passé",
    "colleague": "Transmis à un collègue",
    "skill": "Transmis à qui traite ce type",
    "supervisor": "Transmis à l'encadrement",
}


def passed_on(remark: Mapping[str, Any]) -> str:
    """How somebody passed a document on, and to whom."""
    to = remark["to_name"] or (kind(remark["to_skill"]) if remark["to_skill"] else "")
    return f"{_PASSED_ON[remark['way']]}{f' ({to})' if to else ''}"


def cause(code: str) -> str:
    """Why a pôle gave a document back."""
    return CAUSES[Cause(code)] if code in set(Cause) else code


def lot_state(code: str) -> str:
    """Where a lot stands."""
    return _LOT_STATES.get(code, code)


def kind(code: str) -> str:
    """A type as people call it: its number or its word."""
    return _TYPES.get(code) or code.replace("_", " ")


def document_state(code: str) -> str:
    """Where a document stands."""
    return _DOCUMENT_STATES.get(code, code)


def delivery_state(code: str) -> str:
    """Where a delivery stands."""
    return _DELIVERY_STATES.get(code, code)


def route(code: str) -> str:
    """What the station decided."""
    return _ROUTES.get(code, code)


def channel(code: str) -> str:
    """How mail came in."""
    return _CHANNELS.get(code, code)


def standing(code: str) -> str:
    """How near the end of its delay something is."""
    return _STANDINGS.get(code, code)


def keyed_reason(code: str) -> str:
    """Why a person left a field empty, or keyed what its check refuses."""
    return _KEYED_REASONS.get(code, code)


def reach(names: Collection[str]) -> str:
    """The sites or pôles that somebody may see."""
    return "tous" if ALL in names else ", ".join(sorted(names)) or "aucun"


def rescan(code: str) -> str:
    """Where a request to scan again stands."""
    return _RESCANS.get(code, code)


def check(code: str) -> str:
    """What a value says of itself; empty when it says nothing."""
    return _CHECKS.get(code, code)


def keying(code: str) -> str:
    """Which of the keyings of a document it was."""
    return _PASSES.get(code, code)


def retention(code: str) -> str:
    """Which rule dates the destruction of a document; a rule without a name keeps its code."""
    return _RETENTIONS.get(code, code)


def circuit(code: str | None) -> str:
    """Whether a destination is left alone; empty when it is not."""
    return _CIRCUITS.get(code or "", "")


def field_kind(code: str) -> str:
    """How a field is written."""
    return _KINDS.get(code, code)


def role(code: str) -> str:
    """What somebody is."""
    return _ROLES.get(code, code)
