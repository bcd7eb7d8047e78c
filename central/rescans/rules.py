"""What a document becomes when its station has scanned it again; pure.

The original keeps its identity, its receipt and its lot; what it is, is taken from the new
reading. It never goes straight: whoever asked sees the answer first.
"""

import datetime as dt
from dataclasses import dataclass

from central.documents.rules import DocumentState
from vaguemestre.model.lot import IncomingDocument

RESCANNED = "rescanned"
"""Mark of the original, and first reason why it waits for a person."""


@dataclass(frozen=True, slots=True)
class RescannedDocument:
    """What of the document that was asked for bears on its answer."""

    type: str
    received_on: dt.date
    due_on: dt.date | None


def state_after(answer: IncomingDocument) -> DocumentState:
    """To be keyed when only that is left, else to be named."""
    return DocumentState.TO_KEY if answer.route.kind == "key" else DocumentState.TO_NAME


def due_on(original: RescannedDocument, answer: IncomingDocument) -> dt.date | None:
    """The delay counts from the first receipt, whenever the paper was scanned again.

    A sheet that carries the first day of receipt made the station count from it. Else the delay
    of the same type stays, and another type's is brought forward by as many days.
    """
    if answer.received_on == original.received_on:
        return answer.route.due_on
    if answer.type == original.type or answer.route.due_on is None:
        return original.due_on
    return answer.route.due_on - (answer.received_on - original.received_on)
