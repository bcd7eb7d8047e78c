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
        "delivery_dead": "livraison en échec",
        "delivery_discarded": "livraison abandonnée",
        "delivery_replayed": "livraison relancée",
        "document_rerouted": "document réorienté",
        "document_returned": "document rendu par un pôle",
        "document_stored": "document reçu",
        "lot_reported": "lot compté",
        "password_changed": "mot de passe changé",
        "password_reset": "mot de passe réinitialisé",
        "rights_changed": "droits changés",
        "sessions_ended": "sessions fermées",
        "sign_in_failed": "connexion refusée",
        "signed_in": "connexion",
        "signed_out": "déconnexion",
        "totp_enrolled": "code à usage unique installé",
        "totp_removed": "code à usage unique retiré",
    }
)
_KEYS = {
    "action": "action",
    "actor": "auteur",
    "address": "adresse",
    "cause": "cause",
    "channel": "voie",
    "code": "code",
    "destination": "destination",
    "documents": "documents",
    "is_active": "actif",
    "method": "par",
    "name": "nom",
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
_VALUES = {
    "local": "mot de passe",
    "oidc": "service d'identité",
    "password": "mot de passe",
    "code": "code",
}
_NOTHING = "–"
_CUT = 200


def action(code: str) -> str:
    """What was done; an action that has no name yet keeps its code."""
    return ACTIONS.get(code, code)


def actor(code: str) -> str:
    """Who did it: people by their login, machines as they are called."""
    return code.removeprefix("person:")


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
            return "tous" if key in ("sites", "poles", "skills") else _NOTHING
        names = [labels.role(one) if key == "roles" else str(one) for one in value]
        return ", ".join(names)[:_CUT]
    if value in (None, "", {}):
        return _NOTHING
    text = str(value)
    return _VALUES.get(text, text)[:_CUT] if key in ("method", "what") else text[:_CUT]
