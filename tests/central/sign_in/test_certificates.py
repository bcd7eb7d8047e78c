"""A certificate at fault is told as what it is, over real TLS, and its renewal is taken up."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from edge.web import status
from edge.web.status import read_status
from tests.support.certificates import Authority, Pair
from tests.support.intake import SITE, Centre, sending, until
from tests.support.page import settings
from tests.support.station import Station

_DAY = dt.timedelta(days=1)
_OVER = -dt.timedelta(minutes=1)


@pytest.fixture
def centre(tmp_path: Path, engine: sa.Engine) -> Centre:
    return Centre(tmp_path, engine)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    root = tmp_path / "site"
    root.mkdir()
    station = Station(root)
    station.drop("LOT.tif", b"scan")
    station.settle()
    station.read()
    return station


def _link(station: Station) -> str:
    link = station.spool.status.agent_status().link
    return link.code if link else ""


def _pairs_at_fault(centre: Centre, elsewhere: Authority) -> dict[str, Pair]:
    own = centre.authority
    sound = own.station("sain")
    return {
        "certificate_expired": own.station("expire", valid_for=_OVER),
        "certificate_not_yet_valid": own.station("demain", starts_in=_DAY, valid_for=2 * _DAY),
        "certificate_refused": elsewhere.station(SITE),
        "certificate_unusable": Pair(sound.certificate, own.station("autre").key),
    }


@pytest.mark.parametrize(
    "code",
    [
        *("certificate_expired", "certificate_not_yet_valid"),
        *("certificate_refused", "certificate_unusable"),
    ],
)
def test_a_stations_certificate_is_told_as_what_it_is_and_its_renewal_is_taken_up(
    centre: Centre, station: Station, tmp_path: Path, code: str
) -> None:
    bad = _pairs_at_fault(centre, Authority(tmp_path / "elsewhere"))[code]
    good = centre.authority.station(SITE)
    files = Pair(tmp_path / "station.pem", tmp_path / "station.key")
    for source, target in ((bad.certificate, files.certificate), (bad.key, files.key)):
        shutil.copy(source, target)

    with centre.running(), sending(station, centre.uplink(files)) as told:
        assert until(lambda: _link(station) == code)
        assert next(one["code"] for one in told if one["event"] == "uplink_failed") == code
        now = read_status(settings(station), station.spool, station.clock())
        title, advice, is_well = status.link_text(now)
        assert "ertificat" in title
        assert "injoignable" not in title + advice
        assert not is_well
        shutil.copy(good.certificate, files.certificate)
        shutil.copy(good.key, files.key)
        assert until(lambda: not station.spool.outbox.backlog().documents)
        assert until(lambda: _link(station) == "")


def test_a_centre_whose_certificate_is_over_is_told_so(centre: Centre, station: Station) -> None:
    centre._pair = centre.authority.server("vieux", valid_for=_OVER)
    with centre.running(), sending(station, centre.uplink(centre.authority.station(SITE))):
        assert until(lambda: _link(station) == "centre_certificate_outdated")
    assert station.spool.outbox.backlog().documents == 1


def test_a_centre_of_another_authority_is_not_trusted(
    centre: Centre, station: Station, tmp_path: Path
) -> None:
    centre._pair = Authority(tmp_path / "elsewhere").server()
    with centre.running(), sending(station, centre.uplink(centre.authority.station(SITE))):
        assert until(lambda: _link(station) == "centre_untrusted")
    assert station.spool.outbox.backlog().documents == 1


def test_a_centre_that_does_not_answer_is_still_only_out_of_reach(
    centre: Centre, station: Station
) -> None:
    with centre.running():
        pass  # only to have a port
    with sending(station, centre.uplink(centre.authority.station(SITE))):
        assert until(lambda: _link(station) == "uplink_lost")
