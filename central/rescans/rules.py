"""What a document becomes when its station has scanned it again; pure.

The original keeps its identity, its receipt and its lot; what it is, is taken from the new
reading. It never goes straight: whoever asked sees the answer first.
"""

import datetime as dt
from dataclasses import dataclass

from central.documents.rules import DocumentState
from vaguemestre.model.document import RouteKind
from vaguemestre.model.lot import DocumentRecord

RESCANNED = "rescanned"
"""Mark of the original, and first reason why it waits for a person."""


@dataclass(frozen=True, slots=True)
class RescannedDocument:
    """What of the document that was asked for bears on its answer."""

    type: str
    received_on: dt.date
    due_on: dt.date | None


def state_after(answer: DocumentRecord) -> DocumentState:
    """To be keyed when only that is left, else to be named."""
    is_to_key = answer.document.route.kind is RouteKind.KEY
    return DocumentState.TO_KEY if is_to_key else DocumentState.TO_NAME


def due_on(original: RescannedDocument, answer: DocumentRecord) -> dt.date | None:
    """The delay counts from the first receipt, whenever the paper was scanned again.

    A sheet that carries the first day of receipt made the station count from it. Else the delay
    of the same type stays, and another type's is brought forward by as many days.
    """
    document, received_on = answer.document, answer.lot.received_on
    if received_on == original.received_on:
        return document.route.due_on
    if document.type == original.type or document.route.due_on is None:
        return original.due_on
    return document.route.due_on - (received_on - original.received_on)
