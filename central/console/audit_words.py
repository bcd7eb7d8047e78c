"""What people read for the lines of the audit trail."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "delivery_dead": "livraison en échec",
        "delivery_delivered": "livré",
        "delivery_discarded": "livraison abandonnée",
        "delivery_held": "livraison retenue",
        "delivery_released": "livraison libérée",
        "delivery_replayed": "livraison relancée",
        "document_blank": "page marquée blanche",
        "document_duplicate": "écarté : doublon",
        "document_hurried": "rendu urgent",
        "document_joined": "joint à un autre document",
        "document_keyed": "vidéocodé",
        "document_named": "nommé",
        "document_rerouted": "réorienté",
        "document_rescanned": "numérisé de nouveau",
        "document_returned": "rendu par le pôle",
        "document_sent_to_naming": "renvoyé à nommer",
        "document_split": "séparé",
        "document_stored": "reçu et enregistré au centre",
        "document_turned": "page tournée",
        "document_unhurried": "n'est plus urgent",
        "document_urgent": "rendu urgent au nommage",
        "document_viewed": "consulté",
        "documents_searched": "recherche",
        "lot_reported": "compte rendu de la station",
        "rescan_asked": "nouvelle numérisation demandée",
        "rescan_impossible": "nouvelle numérisation impossible",
        "rescan_withdrawn": "demande de numérisation retirée",
    }
)
_DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "attempts": "essais",
        "by": "à partir de",
        "cause": "cause",
        "channel": "canal",
        "content": "contenu montré",
        "counted_pages": "pages comptées",
        "destination": "destination",
        "into": "vers",
        "original": "original",
        "page": "page",
        "why": "pour",
        "documents": "documents",
        "pages": "pages",
        "reason": "motif",
        "state": "état",
        "type": "type",
    }
)
_ACTORS = {
    "station": "station",
    "dispatch": "distribution",
    "person": "personne",
    "pole": "pôle",
}


def action(code: str) -> str:
    """What was done; the code itself for what only programs do."""
    return _ACTIONS.get(code, code.replace("_", " "))


def actor(code: str) -> str:
    """Who did it: ``station:gien/poste-1`` is « station gien/poste-1 »."""
    kind, _, name = code.partition(":")
    return f"{_ACTORS[kind]} {name}" if kind in _ACTORS and name else code


def detail(told: Mapping[str, Any]) -> str:
    """What else the line says, in the order in which it was written."""
    return ", ".join(f"{_DETAILS.get(name, name)} : {_word(value)}" for name, value in told.items())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return str(len(value))
    return str(value)
