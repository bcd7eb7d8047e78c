"""Which fields a person keys, and what two people who keyed blind have said."""

from central.documents.rules import KeyedValue, KeyReason, ReadField
from central.keying.rules import keyed_alike, keying_tasks, missing_fields, next_key_pass
from vaguemestre.model.forms import FieldKind, FieldSpec
from vaguemestre.model.plan import DocumentType, KeyingMode

_SPECS = (
    FieldSpec("nir", FieldKind.NIR, required=True),
    FieldSpec("iban", FieldKind.IBAN),
    FieldSpec("notes", FieldKind.TEXT),
    FieldSpec("stamp", FieldKind.TEXT),
    FieldSpec("signed", FieldKind.SIGNATURE, required=True),
)
_ENTRY = DocumentType(
    "T", "type", "Pôle", "POLE", "AUTRE", 5, "rights",
    fields=_SPECS,
    keying={"iban": KeyingMode.DOUBLE, "stamp": KeyingMode.READ_ONLY},
)  # fmt: skip


def _field(position: int, value: str | None, *, accepted: bool = False, **more: str) -> ReadField:
    name = _SPECS[position].name
    return ReadField(position, name, value, value or "", 0.5, accepted, "none", 0, None, **more)


def _names(fields: list[ReadField], layout: str | None, *reasons: str) -> list[str]:
    return [t.field.name for t in keying_tasks(_ENTRY, fields, layout=layout, reasons=reasons)]


def test_of_a_measured_form_only_what_the_station_doubts_is_keyed() -> None:
    fields = [_field(0, "1", accepted=True), _field(1, "FR"), _field(2, "lu")]
    assert _names(fields, "verified", "field:iban") == ["iban"]


def test_a_required_field_that_was_not_accepted_is_keyed_whatever_the_station_says() -> None:
    assert _names([_field(0, None)], "verified") == ["nir"]


def test_elsewhere_all_that_was_read_is_looked_at() -> None:
    fields = [_field(0, None), _field(1, None), _field(2, "lu")]
    assert _names(fields, None) == ["nir", "notes"]


def test_signatures_and_read_only_fields_are_never_keyed() -> None:
    fields = [_field(3, "lu"), _field(4, None)]
    assert _names(fields, None, "field:stamp", "field:signed") == []


def test_what_people_have_settled_is_not_keyed_again() -> None:
    assert _names([_field(0, "1", accepted=True, source="person")], None, "field:nir") == []


def test_what_is_keyed_twice_is_keyed_blind() -> None:
    found = keying_tasks(_ENTRY, [_field(0, "1"), _field(1, "FR")], layout=None, reasons=())
    assert [t.is_blind for t in found] == [False, True]


def test_a_type_says_which_required_fields_nobody_has_read() -> None:
    assert [s.name for s in missing_fields(_ENTRY, [])] == ["nir"]
    assert missing_fields(_ENTRY, [_field(0, None)]) == ()


def test_case_and_spaces_are_no_difference_but_a_reason_is() -> None:
    assert keyed_alike(KeyedValue("Martin  Léa"), KeyedValue("MARTIN LÉA"))
    assert not keyed_alike(KeyedValue("MARTIN"), KeyedValue("MARTINE"))
    assert not keyed_alike(
        KeyedValue(None, KeyReason.ABSENT), KeyedValue(None, KeyReason.ILLEGIBLE)
    )
    assert not keyed_alike(KeyedValue(None, KeyReason.ABSENT), KeyedValue("x"))


def test_a_second_look_follows_where_something_is_keyed_twice() -> None:
    assert next_key_pass(1, {1: KeyedValue("a")}, {}) == 2
    assert next_key_pass(1, {}, {}) is None


def test_a_third_person_decides_only_where_two_differ() -> None:
    assert next_key_pass(2, {1: KeyedValue("a")}, {1: KeyedValue("A")}) is None
    assert next_key_pass(2, {1: KeyedValue("a")}, {1: KeyedValue("b")}) == 3
    assert next_key_pass(3, {1: KeyedValue("a")}, {1: KeyedValue("b")}) is None
