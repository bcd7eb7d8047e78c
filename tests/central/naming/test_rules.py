"""Which types are offered on the digit keys."""

from central.naming.rules import MOST, suggest_types
from central.pack import load_plan
from vaguemestre import pack

_PLAN = load_plan(pack.default_dir())


def test_what_the_station_took_it_for_comes_first() -> None:
    assert suggest_types(_PLAN, read_as=["S3116", "S3201"], text="")[:2] == ["S3116", "S3201"]


def test_a_page_that_names_itself_is_believed_next() -> None:
    found = suggest_types(_PLAN, read_as=["unknown"], text="Réf. S 3704\nfeuille d’accident")
    assert found[0] == "S3704"


def test_a_title_is_found_without_its_accents() -> None:
    found = suggest_types(_PLAN, read_as=[], text="AVIS D'ARRET DE TRAVAIL")
    assert found[0] == "S3116"


def test_what_people_name_most_fills_up_and_unknown_is_never_offered() -> None:
    found = suggest_types(_PLAN, read_as=["unknown"], text="", usual=["rib", "unknown", "courrier"])
    assert found[:2] == ["rib", "courrier"]
    assert len(found) == len(set(found)) == MOST
    assert "unknown" not in found
