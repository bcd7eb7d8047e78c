"""What stations of each version say is answered, kept and handed over as it was."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree  # type: ignore[import-untyped]

from tests.compat import centre, golden, journals, present

_DOCS = Path(__file__).parents[2] / "docs"
_FILES = (
    "centre-answers.json",
    "centre.rows",
    "delivered.json",
    "package-1.json",
    "package-1.xml",
    "package-2-again.json",
    "package-2-again.xml",
    "package-2.json",
    "package-2.xml",
    "package-content.json",
    "returns.json",
)


@pytest.fixture(scope="module")
def files(engine: present.Engine, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """All that the present centre makes of it."""
    return centre.files(engine, tmp_path_factory.mktemp("centre"))


@pytest.mark.parametrize("name", _FILES)
def test_the_centre_makes_the_same_of_it(name: str, files: Mapping[str, str]) -> None:
    golden.demand_same(name, files[name])


def test_each_file_is_compared(files: Mapping[str, str]) -> None:
    assert sorted(files) == sorted(_FILES)


@pytest.mark.parametrize("name", ["package-2.xml", "package-2-again.xml"])
def test_a_kept_package_is_as_its_schema_says(name: str) -> None:
    schema = etree.XMLSchema(etree.parse(str(_DOCS / "package.xsd")))

    schema.assertValid(etree.fromstring(golden.read(name).encode()))


def test_a_station_keeps_all_of_a_request_to_scan_again(tmp_path: Path) -> None:
    golden.demand_same("requests.rows", journals.asked(tmp_path))


def test_the_kept_request_is_the_one_that_the_centre_makes() -> None:
    kept = json.loads(golden.read("requests.json"))

    assert present.rescan_request().SerializeToString(deterministic=True).hex() == kept["now"]


@pytest.mark.parametrize(
    "name", ["journal-2.wire.json", "journal-6.wire.json", "centre-answers.json"]
)
def test_a_kept_message_is_read_and_written_again_the_same(name: str) -> None:
    for message in json.loads(golden.read(name)).values():
        kept = bytes.fromhex(message["bytes"])

        assert present.written_again(kept, up=name.startswith("journal")) == kept
