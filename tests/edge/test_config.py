"""The station's settings file."""

from pathlib import Path

import pytest

from edge import config
from edge.errors import ConfigInvalid

GOOD = """
[station]
site = "la-rochelle"
name = "scan-1"
fund = "17"
work_dir = "/var/lib/vaguemestre/edge"

[[sources]]
name = "fsp"
folder = "/srv/scans/fsp"

[uplink]
centres = ["centre.example:7443"]
ca_file = "/etc/vaguemestre/ca.pem"
certificate_file = "/etc/vaguemestre/site.pem"
key_file = "/etc/vaguemestre/site.key"
"""


def _load(folder: Path, text: str) -> config.EdgeConfig:
    path = folder / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    settings = _load(tmp_path, GOOD)

    assert settings.sources[0].marker == ".vaguemestre"
    assert settings.reading.accept_error_rate == 0.001


def test_every_problem_is_told_in_one_go(tmp_path: Path) -> None:
    text = GOOD.replace('"la-rochelle"', '"La Rochelle"').replace("/srv/scans/fsp", "scans/fsp")

    with pytest.raises(ConfigInvalid) as caught:
        _load(tmp_path, text + "\n[surprise]\nkey = 1\n")

    lines = str(caught.value).splitlines()
    assert any(line.startswith("station.site") for line in lines)
    assert any(line.startswith("sources.0.folder") and "absolute" in line for line in lines)
    assert any(line.startswith("surprise") for line in lines)


@pytest.mark.parametrize(
    "folder", ["/var/lib/vaguemestre/edge", "/var/lib", "/var/lib/vaguemestre/edge/in"]
)
def test_a_watched_folder_may_not_overlap_the_work_folder(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ConfigInvalid, match="overlap"):
        _load(tmp_path, GOOD.replace("/srv/scans/fsp", folder))


def test_a_missing_file_is_a_coded_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_toml_is_a_coded_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid):
        _load(tmp_path, "[station")
