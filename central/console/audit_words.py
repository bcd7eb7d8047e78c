"""The audit trail in French: its actions, who acted, and what its details are called."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from central.console import labels

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


def action(code: str) -> str:
    """What was done; an action that has no name yet keeps its code."""
    return ACTIONS.get(code, code)


def actor(code: str) -> str:
    """Who did it: people by their login, ``station:gien/poste-1`` as « station gien/poste-1 »."""
    kind, _, name = code.partition(":")
    if kind == "person" and name:
        return name
    return f"{_ACTORS.get(kind, kind)} {name}".strip()


def detail(told: Mapping[str, Any]) -> str:
    """All details in one line."""
    return ", ".join(f"{key} : {value}" for key, value in details(told))


def details(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
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
            return labels.reach([str(one) for one in value])[:_CUT]
        names = [labels.role(one) if key == "roles" else str(one) for one in value]
        return ", ".join(names)[:_CUT]
    if value in (None, "", {}):
        return _NOTHING
    text = str(value)
    if key in ("method", "what", "route"):
        text = _VALUES.get(text, text)
    elif key == "cause":
        text = labels.cause(text)
    elif key == "why":
        text = _LOOKS.get(text, text)
    elif key == "type":
        text = labels.kind(text)
    elif key == "state":
        text = labels.lot_state(labels.document_state(text))
    return text[:_CUT]
