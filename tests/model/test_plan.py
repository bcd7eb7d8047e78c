"""The plan holds every type that reading can name, and says no to what it does not mean."""

import pytest

from vaguemestre import pack
from vaguemestre.model.forms import DefinitionInvalid, parse_form
from vaguemestre.model.plan import KeyingMode, parse_plan

PACK = pack.load(pack.default_dir())
_TYPES = (
    "S3110", "S3704", "S3125", "S3116", "S3201", "S6202", "S6200", "S6909", "S6100", "S6201",
    "S3711", "S1106", "S1104", "S3705", "S4150", "S3180", "S3138", "S3108", "S3501",
    "ordonnance", "facture", "rib", "bulletin_salaire", "bulletin_hospitalisation",
    "acte_naissance", "piece_identite", "justificatif_domicile", "carte_mutuelle",
    "bulletin_adhesion_c2s", "pnd", "courrier", "misdirected", "unknown",
)  # fmt: skip
_LEAST = """
version = "1"
type_confidence = 0.9
[types.unknown]
pole = "Flux entrants"
destination = "FLUX_ENTRANTS"
process = "AUTRE"
delay_days = 1
retention = "correspondence"
"""


@pytest.mark.parametrize("kind", _TYPES)
def test_every_type_of_the_contract_has_its_place(kind: str) -> None:
    assert kind in PACK.plan.types


def test_every_form_that_can_be_read_has_its_place_and_every_place_can_be_reached() -> None:
    assert set(PACK.forms) | {"unknown"} == set(PACK.plan.types)


def test_only_measured_layouts_go_straight() -> None:
    straight = [kind for kind, entry in PACK.plan.types.items() if entry.straight]
    assert straight == ["S3110", "S3704"]


def test_the_smallest_plan_is_read() -> None:
    assert parse_plan(_LEAST, {}).of("S3110", "17").pole == "Flux entrants"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[types.unknown]", "[types.S3110]"),
        ('retention = "correspondence"', 'retention = "x"\nattachments = ["S9999"]'),
        ('retention = "correspondence"', 'retention = "x"\nrequired_with = ["S9999"]'),
        ('"FLUX_ENTRANTS"', '"flux entrants"'),
        ('"AUTRE"', '"AUTREMENT"'),
        ("delay_days = 1", "delay_days = -1"),
        ("delay_days = 1", "delais = 1"),
        ("type_confidence = 0.9", "type_confidence = 1.0"),
        ("version", "version ="),
    ],
)
def test_a_plan_with_a_mistake_is_refused(old: str, new: str) -> None:
    assert old in _LEAST
    with pytest.raises(DefinitionInvalid):
        parse_plan(_LEAST.replace(old, new, 1), {})


def test_a_fund_changes_only_what_it_names() -> None:
    plan = parse_plan(_LEAST + '[types.unknown.funds.45]\npole = "Ailleurs"\n', {})
    usual, other = plan.of("unknown", "17"), plan.of("unknown", "45")
    assert (other.pole, other.destination) == ("Ailleurs", usual.destination)
    assert usual.pole == "Flux entrants"


def test_a_type_has_the_title_and_the_fields_of_its_form() -> None:
    rib = PACK.plan.of("rib")
    assert (rib.title, rib.fields) == (PACK.forms["rib"].title, PACK.forms["rib"].fields)
    assert (PACK.plan.of("S9999").title, PACK.plan.of("S9999").fields) == ("S9999", ())


def test_account_numbers_are_keyed_twice_and_other_fields_as_the_plan_says() -> None:
    form = parse_form(
        "unknown.toml",
        'type = "unknown"\ntitle = "?"\n'
        + "".join(
            f'[[fields]]\nname = "{name}"\nkind = "{kind}"\n'
            for name, kind in (("iban", "iban"), ("nir", "nir"), ("stamp", "text"), ("x", "text"))
        ),
    )
    keying = '[types.unknown.keying]\ndouble = ["nir"]\nread_only = ["stamp"]\n'
    unknown = parse_plan(_LEAST + keying, {"unknown": form}).types["unknown"]
    modes = {spec.name: unknown.mode_of(spec) for spec in unknown.fields}
    assert modes == {
        "iban": KeyingMode.DOUBLE,
        "nir": KeyingMode.DOUBLE,
        "stamp": KeyingMode.READ_ONLY,
        "x": KeyingMode.CONFIRM,
    }
