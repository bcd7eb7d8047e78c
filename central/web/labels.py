"""French labels for the codes that programs use, the audit trail's included."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from central.accounts.rules import ALL
from central.documents.rules import ReturnCause
from central.pictures.attached import ATTACHED_FROM
from central.web.formats import field_name

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
    ReturnCause.WRONG_POLE: "mauvais pôle",
    ReturnCause.WRONG_TYPE: "mauvais type",
    ReturnCause.UNREADABLE: "illisible",
    ReturnCause.INCOMPLETE: "incomplet",
    ReturnCause.DUPLICATE: "doublon",
    ReturnCause.WRONG_VALUE: "valeur fausse",
    ReturnCause.OTHER: "autre",
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
    return CAUSES[ReturnCause(code)] if code in set(ReturnCause) else code


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


ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "account_added": "compte créé",
        "account_closed": "compte fermé",
        "account_locked": "compte suspendu",
        "account_opened": "compte rouvert",
        "account_unlocked": "suspension levée",
        "audit_exported": "journal exporté",
        "control_arbitrated": "contrôle arbitré",
        "control_drawn": "document tiré au contrôle",
        "control_keyed": "contrôle saisi",
        "control_withdrawn": "contrôle retiré",
        "delivery_dead": "livraison en échec",
        "delivery_delivered": "document livré",
        "delivery_discarded": "livraison abandonnée",
        "delivery_held": "livraison retenue",
        "delivery_released": "livraison libérée",
        "delivery_replayed": "livraison relancée",
        "document_blank": "document écarté : pages blanches",
        "document_blanked": "page marquée blanche",
        "document_corrected": "document corrigé",
        "document_duplicate": "document écarté : doublon",
        "document_hurried": "document rendu urgent",
        "document_joined": "document joint à un autre",
        "document_keyed": "document vidéocodé",
        "document_moved": "document déplacé par le plan",
        "document_moved_back": "document remis à sa place",
        "document_named": "document nommé",
        "document_rerouted": "document réorienté",
        "document_rescanned": "document renumérisé",
        "document_returned": "document rendu par un pôle",
        "document_sent_to_naming": "document renvoyé à nommer",
        "document_split": "document séparé",
        "document_stored": "document reçu",
        "document_taken_out_of_group": "document retiré du groupe",
        "document_turned": "page tournée",
        "document_unblanked": "page marquée non blanche",
        "document_unhurried": "document rendu ordinaire",
        "document_urgent": "document rendu urgent au nommage",
        "document_viewed": "document consulté",
        "documents_searched": "recherche",
        "drafts_deleted": "brouillons effacés",
        "fields_keyed": "champs vidéocodés en groupe",
        "hold_placed": "retenue posée",
        "hold_released": "retenue levée",
        "keyings_forgotten": "saisies effacées",
        "lot_reported": "lot compté",
        "password_changed": "mot de passe changé",
        "password_reset": "mot de passe réinitialisé",
        "plan_applied": "plan modifié",
        "plan_proposed": "modification du plan proposée",
        "plan_refused": "modification du plan refusée",
        "plan_undone": "modification du plan annulée",
        "report_exported": "rapport exporté",
        "document_passed_on": "document transmis par qui l'avait",
        "document_taken_back": "décision annulée par qui l'avait prise",
        "rescan_asked": "nouvelle numérisation demandée",
        "rescan_impossible": "nouvelle numérisation impossible",
        "rescan_withdrawn": "demande de numérisation retirée",
        "rights_changed": "droits changés",
        "samples_exported": "échantillons exportés",
        "sessions_ended": "sessions fermées",
        "sign_in_failed": "connexion refusée",
        "signed_in": "connexion",
        "signed_out": "déconnexion",
        "totp_enrolled": "code à usage unique installé",
        "totp_removed": "code à usage unique retiré",
    }
)
_KEYS = {
    "why": "pour",
    "undone": "décision",
    "page": "page",
    "original": "original",
    "into": "vers",
    "counted_pages": "pages comptées",
    "content": "contenu montré",
    "by": "à partir de",
    "attempts": "essais",
    "address": "adresse",
    "cause": "cause",
    "channel": "voie",
    "code": "code",
    "destination": "destination",
    "documents": "documents",
    "is_active": "actif",
    "method": "par",
    "name": "nom",
    "of_action": "action",
    "of_actor": "auteur",
    "pages": "pages",
    "poles": "pôles",
    "reason": "motif",
    "roles": "rôles",
    "route": "suite",
    "seconds": "secondes",
    "sessions": "sessions",
    "since": "du",
    "site": "site",
    "sites": "sites",
    "skills": "types traités",
    "state": "état",
    "station": "station",
    "team": "équipe",
    "totp": "code retiré",
    "type": "type",
    "until": "au",
    "what": "sur",
}
_ACTORS = {
    "dispatch": "distribution",
    "pole": "pôle",
    "provider": "service d'identité",
}
_VALUES = {
    "local": "mot de passe",
    "oidc": "service d'identité",
    "password": "mot de passe",
    "code": "code",
    "straight": "sans intervention",
    "name": "à nommer",
    "key": "à vidéocoder",
}
_LOOKS = {
    "name": "nommer",
    "key": "vidéocoder",
    "control": "contrôler",
    "group": "grouper",
    "image": "voir une image",
}
"""Why somebody was shown a document."""
_NOTHING = "–"
_CUT = 200


def action_label(code: str) -> str:
    """What was done; an action that has no name yet keeps its code."""
    return ACTIONS.get(code, code)


def actor_label(code: str) -> str:
    """Who did it: people by their login, ``station:gien/poste-1`` as « station gien/poste-1 »."""
    kind, _, name = code.partition(":")
    if kind == "person" and name:
        return name
    return f"{_ACTORS.get(kind, kind)} {name}".strip()


def detail_text(told: Mapping[str, Any]) -> str:
    """All details in one line."""
    return ", ".join(f"{key} : {value}" for key, value in detail_lines(told))


def detail_lines(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The details as words; what changed is one line each, ``avant → après``."""
    before, after = detail.get("before"), detail.get("after")
    lines = list[tuple[str, str]]()
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        lines += [
            (_key(key), f"{_value(key, before.get(key))} → {_value(key, after.get(key))}")
            for key in map(str, after)
            if before.get(key) != after[key]
        ]
        detail = {key: value for key, value in detail.items() if key not in ("before", "after")}
    lines += [(_key(key), _value(key, value)) for key, value in detail.items()]
    return lines


def _key(key: str) -> str:
    return _KEYS.get(key, key)


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        if not value:
            # Of sites and pôles too: until 0.3.0 none meant all, and what was written then stays.
            return "tous" if key in ("sites", "poles", "skills") else _NOTHING
        if key in ("sites", "poles"):
            return reach([str(one) for one in value])[:_CUT]
        names = [role(one) if key == "roles" else str(one) for one in value]
        return ", ".join(names)[:_CUT]
    if value in (None, "", {}):
        return _NOTHING
    text = str(value)
    if key in ("method", "what", "route"):
        text = _VALUES.get(text, text)
    elif key == "cause":
        text = cause(text)
    elif key == "why":
        text = _LOOKS.get(text, text)
    elif key == "type":
        text = kind(text)
    elif key == "state":
        text = lot_state(document_state(text))
    return text[:_CUT]
