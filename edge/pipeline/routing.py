"""Decide where a document goes and whether a person must see it first.

Straight through only when everything speaks for it: a type read with confidence, a layout that
was measured, all required fields accepted, nothing failed, missing, blurred or seen before.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from edge.pipeline.assembly import UNREAD_BESIDE, DocumentDraft
from vaguemestre.model.calendar import add_working_days
from vaguemestre.model.document import Check, Field, Layout, Route, RouteKind
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition
from vaguemestre.model.lot import LotHeader
from vaguemestre.model.plan import DocumentType, Plan

_TO_NAME = frozenset({"unknown", "misdirected"})
# Of a page: what else lies on its image is read by nobody, and no keying of fields would tell.
MARKS_TO_NAME = UNREAD_BESIDE | {"outside_content"}
FOR_A_PERSON = frozenset(
    {
        *("page_missing", "order_unsure", "blurred", "dust", "unregistered", "distorted"),
        *("negative", "dark", "faint"),
        *("probable_duplicate", "continuation"),
        *("rhythm_broken", "other_person", "page_unexpected"),
    }
)


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What routing must know beside the document itself."""

    fund: str
    received_on: dt.date
    header: LotHeader | None
    is_duplicate: bool
    holidays: Collection[dt.date] = ()


def decide_route(
    draft: DocumentDraft, form: FormDefinition | None, plan: Plan, around: RoutingContext
) -> Route:
    """Choose the document's route.

    Args:
        draft: The document as assembled.
        form: The definition of its type, if there is one.
        plan: Where types go.
        around: Fund, dates, header sheet, earlier bytes.
    """
    entry = plan.of(draft.guess.type, around.fund)
    to_name = _reasons_to_name(draft, plan, around)
    to_key = _reasons_to_key(draft, form, entry)
    kind = RouteKind.NAME if to_name else RouteKind.KEY if to_key else RouteKind.STRAIGHT
    return Route(
        kind=kind,
        reasons=(*to_name, *to_key),
        process=(around.header.process if around.header else "") or entry.process,
        pole=entry.pole,
        destination=entry.destination,
        due_on=add_working_days(around.received_on, entry.delay_days, around.holidays),
        retention=entry.retention,
    )


def _reasons_to_name(draft: DocumentDraft, plan: Plan, around: RoutingContext) -> tuple[str, ...]:
    reasons = []
    if draft.guess.type in _TO_NAME:
        reasons.append(draft.guess.type)
    elif draft.guess.confidence < plan.type_confidence:
        reasons.append("type_doubtful")
    expected = around.header.expected_type if around.header else ""
    if expected and expected != draft.guess.type:
        reasons.append("type_unexpected")
    if around.is_duplicate:
        reasons.append("probable_duplicate")
    if draft.first.is_back:
        reasons.append("front_missing")
    reasons += [mark for mark in draft.marks if mark in FOR_A_PERSON]
    reasons += [mark for page in draft.pages for mark in page.marks if mark in MARKS_TO_NAME]
    return tuple(dict.fromkeys(reasons))


def _reasons_to_key(
    draft: DocumentDraft, form: FormDefinition | None, entry: DocumentType
) -> tuple[str, ...]:
    reasons = [mark for page in draft.pages for mark in page.marks if mark in FOR_A_PERSON]
    if draft.first.layout is Layout.UNVERIFIED:
        reasons.append("layout_unverified")
    elif not entry.straight:
        reasons.append("type_for_a_person")
    fields = {field.name: field for field in draft.fields}
    for spec in form.fields if form is not None else ():
        field = fields.get(spec.name)
        if spec.required if field is None else _is_for_a_person(field, spec):
            reasons.append(f"field:{spec.name}")
    return tuple(dict.fromkeys(reasons))


def _is_for_a_person(field: Field, spec: FieldSpec) -> bool:
    """A required field that was not accepted, or any other that was read with doubt.

    A box is ticked or not, and an undecided one is not "not ticked": nothing is accepted of it.
    Free text that nobody requires (a stamp, an address block) stops nothing: pôles do not act on
    it.
    """
    if spec.required:
        return not field.accepted or field.value == "false"
    if spec.kind is FieldKind.TEXT:
        return False
    if spec.kind in (FieldKind.TICK, FieldKind.SIGNATURE):
        return not field.accepted
    is_written = field.value is not None or bool(field.raw)
    return field.check is Check.FAILED or (is_written and not field.accepted)
