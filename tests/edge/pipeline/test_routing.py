"""Where a document goes, whether a person sees it first, and by when."""

import datetime as dt
from dataclasses import replace

import holidays
import pytest

from edge.pipeline.assembly import DocumentDraft
from edge.pipeline.routing import RoutingContext, decide_route
from edge.results import PageReading, TypeGuess
from vaguemestre import pack
from vaguemestre.model.calendar import add_working_days
from vaguemestre.model.document import Check, Field, ImageRef, Layout, Page, PageRole, RouteKind
from vaguemestre.model.forms import FieldKind
from vaguemestre.model.lot import LotHeader

PACK = pack.load(pack.default_dir())
REF = ImageRef("1.tif", 0, "0" * 64)
RECEIVED = dt.date(2026, 3, 2)
LA_ROCHELLE = RoutingContext("17", RECEIVED, None, is_duplicate=False)
ORLEANS = replace(LA_ROCHELLE, fund="45")
FRENCH = holidays.country_holidays("FR", years=(2025, 2026))


def fields_of(kind: str, **values: str | None) -> tuple[Field, ...]:
    """All fields of a form: required ones read and accepted, boxes not ticked, others empty."""
    made = []
    for spec in PACK.forms[kind].fields:
        is_box = spec.kind in (FieldKind.TICK, FieldKind.SIGNATURE)
        absent = "true" if spec.required else "false" if is_box else None
        value = values.get(spec.name, absent)
        made.append(Field(spec.name, value, value or "", 0.99, bool(value), Check.OK, 0, None))
    return tuple(made)


def draft(kind: str, confidence: float = 0.99, **more: object) -> DocumentDraft:
    form = PACK.forms.get(kind)
    first = PageReading(
        ref=REF,
        guesses=(TypeGuess(kind, confidence),),
        layout=form.layout if form else None,
        fields=fields_of(kind) if form else (),
    )
    page = Page(REF, PageRole.FRONT, 0, 0.0, 200.0, 210.0, 297.0, 0.0, "")
    made = DocumentDraft(first, (page,), first.fields, (), separated=False)
    return replace(made, **more)  # type: ignore[arg-type]


def routed(
    of: DocumentDraft, around: RoutingContext = LA_ROCHELLE
) -> tuple[RouteKind, tuple[str, ...]]:
    found = decide_route(of, PACK.forms.get(of.guess.type), PACK.plan, around)
    return found.kind, found.reasons


@pytest.mark.parametrize("kind", ["S3110", "S3704"])
def test_a_form_of_which_all_is_sure_goes_straight(kind: str) -> None:
    assert routed(draft(kind)) == (RouteKind.STRAIGHT, ())


def changed(kind: str, name: str, **more: object) -> DocumentDraft:
    fields = tuple(
        replace(field, **more) if field.name == name else field  # type: ignore[arg-type]
        for field in fields_of(kind)
    )
    return draft(kind, fields=fields)


def test_a_required_field_that_nobody_accepted_is_keyed() -> None:
    doubtful = changed("S3110", "nir", accepted=False)
    assert routed(doubtful) == (RouteKind.KEY, ("field:nir",))
    absent = changed("S3110", "nir", value=None, raw="", accepted=False, check=Check.NONE)
    assert routed(absent) == (RouteKind.KEY, ("field:nir",))
    unsigned = changed("S3704", "practitioner_signature", value="false", accepted=True)
    assert routed(unsigned) == (RouteKind.KEY, ("field:practitioner_signature",))


def test_a_required_field_that_was_never_looked_for_is_keyed() -> None:
    kept = tuple(field for field in fields_of("S3110") if field.name != "total")
    assert routed(draft("S3110", fields=kept)) == (RouteKind.KEY, ("field:total",))
    kind, reasons = routed(draft("S3110", fields=()))
    assert kind is RouteKind.KEY
    assert "field:nir" in reasons


def test_an_optional_field_is_keyed_only_when_something_was_written_in_it() -> None:
    doubtful = changed("S3110", "insured_name", value="X", raw="X", accepted=False)
    assert routed(doubtful) == (RouteKind.KEY, ("field:insured_name",))
    failed = changed("S3110", "insured_name", value=None, raw="", check=Check.FAILED)
    assert routed(failed)[0] is RouteKind.KEY
    empty = changed("S3110", "insured_name", value=None, raw="", check=Check.NONE)
    assert routed(empty)[0] is RouteKind.STRAIGHT


@pytest.mark.parametrize(("kind", "name"), [
    ("S3110", "third_party_yes"), ("S3110", "unable_to_sign"), ("S3501", "refused"),
    ("S3501", "institution_stamp"),
])  # fmt: skip
def test_an_undecided_box_is_not_an_empty_one(kind: str, name: str) -> None:
    undecided = changed(kind, name, value=None, raw="", accepted=False, check=Check.NONE)
    assert f"field:{name}" in routed(undecided)[1]
    for value in ("true", "false"):
        assert f"field:{name}" not in routed(changed(kind, name, value=value, accepted=True))[1]
        assert f"field:{name}" in routed(changed(kind, name, value=value, accepted=False))[1]


def test_a_form_with_one_undecided_tick_does_not_go_straight() -> None:
    assert routed(draft("S3110"))[0] is RouteKind.STRAIGHT
    undecided = changed("S3110", "third_party_yes", value=None, accepted=False, check=Check.NONE)
    assert routed(undecided) == (RouteKind.KEY, ("field:third_party_yes",))


def test_a_doubtful_stamp_stops_nothing() -> None:
    stamp = changed("S3110", "structure", value="C4BINET", raw="C4BINET", accepted=False)
    assert routed(stamp)[0] is RouteKind.STRAIGHT


@pytest.mark.parametrize(
    "kind", [name for name, form in PACK.forms.items() if form.layout is Layout.UNVERIFIED]
)
def test_a_form_whose_blank_nobody_measured_never_goes_straight(kind: str) -> None:
    found, reasons = routed(draft(kind, 1.0))
    assert found is RouteKind.KEY
    assert "layout_unverified" in reasons


@pytest.mark.parametrize("kind", [t for t, entry in PACK.plan.types.items() if not entry.straight])
def test_a_type_that_the_plan_does_not_let_through_is_for_a_person(kind: str) -> None:
    assert routed(draft(kind, 1.0))[0] is not RouteKind.STRAIGHT


@pytest.mark.parametrize("kind", ["unknown", "misdirected"])
def test_what_nobody_knows_is_named(kind: str) -> None:
    found, reasons = routed(draft(kind, 1.0))
    assert (found, reasons[0]) == (RouteKind.NAME, kind)


def test_a_doubtful_type_is_named() -> None:
    least = PACK.plan.type_confidence
    assert routed(draft("S3110", least))[0] is RouteKind.STRAIGHT
    assert routed(draft("S3110", least - 0.001)) == (RouteKind.NAME, ("type_doubtful",))


def test_another_type_than_the_header_announced_is_named() -> None:
    around = replace(LA_ROCHELLE, header=LotHeader(expected_type="S3704"))
    assert routed(draft("S3110"), around) == (RouteKind.NAME, ("type_unexpected",))
    assert routed(draft("S3704"), around)[0] is RouteKind.STRAIGHT


def test_bytes_received_before_are_held_for_a_person() -> None:
    around = replace(LA_ROCHELLE, is_duplicate=True)
    assert routed(draft("S3110"), around) == (RouteKind.NAME, ("probable_duplicate",))


def test_what_may_hold_too_much_or_too_little_is_named() -> None:
    of = draft("S3110")
    back = replace(of, first=replace(of.first, is_back=True))
    assert routed(back) == (RouteKind.NAME, ("front_missing",))
    for mark in ("page_missing", "rhythm_broken", "other_person", "page_unexpected"):
        assert routed(draft("S3110", marks=(mark,))) == (RouteKind.NAME, (mark,))


def test_what_lies_beside_the_form_is_looked_at_by_whoever_names() -> None:
    of = draft("S3110")
    page = replace(of.pages[0], marks=("outside_content",))
    assert routed(replace(of, pages=(page,))) == (RouteKind.NAME, ("outside_content",))


@pytest.mark.parametrize("mark", ["blurred", "dust", "unregistered", "distorted"])
def test_a_page_that_cannot_be_trusted_is_keyed(mark: str) -> None:
    of = draft("S3110")
    page = replace(of.pages[0], marks=("border", mark))
    assert routed(replace(of, pages=(page,))) == (RouteKind.KEY, (mark,))


@pytest.mark.parametrize(
    ("kind", "around", "pole", "destination"),
    [
        ("S3110", LA_ROCHELLE, "Frais de santé", "FRAIS_DE_SANTE"),
        ("S3704", ORLEANS, "Frais de santé", "FRAIS_DE_SANTE"),
        ("S3125", LA_ROCHELLE, "CNSE", "CNSE"),
        ("S3125", ORLEANS, "CNSE", "CNSE"),
        ("S4150", LA_ROCHELLE, "Prestations en espèces", "PRESTATIONS_ESPECES"),
        ("S4150", ORLEANS, "CPAM Eure-et-Loir", "AUTRE_CAISSE"),
        ("S3180", LA_ROCHELLE, "Prestations en espèces", "PRESTATIONS_ESPECES"),
        ("S3180", ORLEANS, "CPAM Cantal", "AUTRE_CAISSE"),
        ("S6200", LA_ROCHELLE, "Risques professionnels", "ATEMPO"),
        ("S6909", LA_ROCHELLE, "Risques professionnels", "IDEC"),
        ("S1106", LA_ROCHELLE, "Gestion des bénéficiaires", "SANDIA"),
        ("rib", LA_ROCHELLE, "Comptabilité", "COMPTABILITE"),
        ("never_heard_of", LA_ROCHELLE, "Flux entrants", "FLUX_ENTRANTS"),
    ],
)
def test_each_fund_sends_each_type_where_its_plan_says(
    kind: str, around: RoutingContext, pole: str, destination: str
) -> None:
    found = decide_route(draft(kind), PACK.forms.get(kind), PACK.plan, around)
    assert (found.pole, found.destination) == (pole, destination)
    assert found.retention


def test_the_headers_process_wins_over_the_plans() -> None:
    around = replace(LA_ROCHELLE, header=LotHeader(process="ETRANGER"))
    assert (
        decide_route(draft("S3110"), PACK.forms["S3110"], PACK.plan, around).process == "ETRANGER"
    )
    without = decide_route(draft("S3110"), PACK.forms["S3110"], PACK.plan, LA_ROCHELLE)
    assert without.process == "FSP"


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2026-03-02", 0, "2026-03-02"),
        ("2026-03-02", 5, "2026-03-09"),  # a week
        ("2026-03-06", 1, "2026-03-09"),  # Friday to Monday
        ("2026-03-07", 1, "2026-03-09"),  # received on a Saturday
        ("2026-04-02", 2, "2026-04-07"),  # Easter Monday in between
        ("2026-05-06", 3, "2026-05-12"),  # 8 May
        ("2026-05-12", 2, "2026-05-15"),  # Ascension Day
        ("2025-12-31", 1, "2026-01-02"),  # New Year's Day
        ("2026-12-24", 1, "2026-12-28"),  # Christmas on a Friday, then the week-end
    ],
)
def test_a_delay_counts_working_days_only(received: str, days: int, due: str) -> None:
    found = add_working_days(dt.date.fromisoformat(received), days, FRENCH)
    assert found == dt.date.fromisoformat(due)


def test_a_document_is_due_by_its_types_delay() -> None:
    around = replace(LA_ROCHELLE, received_on=dt.date(2026, 4, 2), holidays=tuple(FRENCH))
    found = decide_route(draft("S3116"), PACK.forms["S3116"], PACK.plan, around)
    assert found.due_on == dt.date(2026, 4, 7)
