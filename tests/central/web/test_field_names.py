"""Every field of the shipped forms has a French name."""

from central.pack import load_plan
from central.web.formats import field_name
from vaguemestre import pack


def test_every_field_of_every_form_has_a_french_name() -> None:
    plan = load_plan(pack.default_dir())
    names = {field.name for entry in plan.types.values() for field in entry.keyed_fields}
    assert names
    assert sorted(name for name in names if field_name(name) == name and "_" in name) == []


def test_a_further_line_says_which() -> None:
    assert field_name("act_date_3") == "date de l'acte, ligne 3"


def test_a_name_that_nobody_translated_is_shown_as_it_is() -> None:
    assert field_name("brand_new") == "brand_new"
