"""What is wrong with a pack, as the centre tells it."""

import shutil
from pathlib import Path

import pytest

from central.errors import ConfigInvalid
from central.pack import load_plan
from vaguemestre import pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the pack that the program ships, without its networks."""
    shutil.copytree(pack.default_dir() / "forms", tmp_path / "forms")
    shutil.copy(pack.default_dir() / "plan.toml", tmp_path)
    return tmp_path


def test_the_plan_knows_the_fields_of_its_types(folder: Path) -> None:
    assert load_plan(folder).of("rib").fields


@pytest.mark.parametrize("name", ["plan.toml", "forms/rib.toml"])
def test_a_file_that_cannot_be_used_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("stranger = 1\n", "utf-8")
    with pytest.raises(ConfigInvalid, match=Path(name).name):
        load_plan(folder)


def test_a_pack_without_its_plan_is_refused(folder: Path) -> None:
    (folder / "plan.toml").unlink()
    with pytest.raises(ConfigInvalid, match=r"plan\.toml"):
        load_plan(folder)
