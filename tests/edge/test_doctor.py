"""The doctor ends, whatever the station stands on, and says what it found of certificates."""

import datetime as dt
import threading
from pathlib import Path

import pytest

from edge import config, doctor
from tests.support.certificates import Authority

_DAY = dt.timedelta(days=1)
_NOW = dt.datetime.now(dt.UTC)


def test_a_dead_share_is_told_and_does_not_hold_the_doctor_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revived = threading.Event()
    monkeypatch.setattr(doctor, "_FOLDER_TIMEOUT_S", 0.05)
    monkeypatch.setattr(doctor, "_writable", lambda *_: revived.wait())

    [finding] = doctor._watched_folder(config.Source(name="scan", folder=tmp_path))

    assert (finding.subject, finding.is_well) == ("dossier scan", False)
    assert "ne répond pas" in finding.advice
    revived.set()


@pytest.mark.parametrize(
    ("starts_in", "valid_for", "is_well", "advice"),
    [
        (-_DAY, 200 * _DAY, True, ""),
        (-2 * _DAY, -_DAY, False, "a expiré le"),
        (_DAY, 200 * _DAY, False, "valable qu'à partir du"),
        (-_DAY, 3 * _DAY, False, "expire le"),
    ],
)
def test_the_days_of_the_stations_certificate_are_told(
    tmp_path: Path,
    starts_in: dt.timedelta,
    valid_for: dt.timedelta,
    is_well: bool,
    advice: str,
) -> None:
    authority = Authority(tmp_path)
    pair = authority.station("gien", starts_in=starts_in, valid_for=valid_for)
    settings = config.EdgeConfig(
        station=config.Station(site="gien", name="poste-1", fund="45", work_dir=tmp_path / "work"),
        sources=(config.Source(name="scan", folder=tmp_path / "scan"),),
        uplink=config.Uplink(
            centres=("127.0.0.1:1",),
            ca_file=authority.file,
            certificate_file=pair.certificate,
            key_file=pair.key,
        ),
    )

    *_, validity = doctor._certificate(settings, _NOW)

    assert validity.is_well == is_well
    assert advice in validity.advice
