"""A station with something of everything, and its page on a port of its own."""

import contextlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from edge import config
from edge.errors import FileTruncated, PageTimeout
from edge.results import LotResult
from edge.web.routes import Routes
from edge.web.server import Server
from tests.support.mail import sheet
from tests.support.station import Station, result_of
from vaguemestre import pack
from vaguemestre.model.lot import UNTOLD, AskedSheet, LotHeader, RescanRequest, SetAside

WHY = "Page de gauche coupée : le numéro de sécurité sociale est illisible."
RESCANS = (
    "0197a000-0000-7000-8000-00003fa9c21b",
    "0197a000-0000-7000-8000-0000815c02de",
)


def _small_picture() -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(sheet("Feuille de soins"))) as page:
        page.convert("L").resize((240, 340)).save(out, "JPEG")
    return out.getvalue()


SHEETS = (AskedSheet(12, "Feuille de soins - médecin", 2, 3, _small_picture()), UNTOLD)
"""Which sheet each means; the second comes of a centre that does not tell."""


def settings(station: Station, **page: object) -> config.EdgeConfig:
    """The settings of a station of the tests."""
    nowhere = station.root / "none.pem"
    return config.EdgeConfig(
        station=config.Station(
            site="la-rochelle",
            name="poste-1",
            fund="17",
            work_dir=station.work,
            rated_pages_per_minute=120,
        ),
        sources=(station.source,),
        uplink=config.Uplink(
            centres=("127.0.0.1:1",), ca_file=nowhere, certificate_file=nowhere, key_file=nowhere
        ),
        page=config.Page(**{"listen": "127.0.0.1:0", **page}),
    )


def site_of(station: Station, **page: object) -> Routes:
    """What answers for a station."""
    types = sorted(pack.load(pack.default_dir()).plan.types)
    return Routes(settings(station, **page), station.spool, types, station.clock)


@contextlib.contextmanager
def serving(station: Station, crashes: list[BaseException] | None = None) -> Iterator[str]:
    """The page's address for as long as the context lasts; the centre is absent."""
    told = [] if crashes is None else crashes
    server = Server(settings(station).page, site_of(station), lambda _, error: told.append(error))
    stop = threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        thread.join()
        server.server_close()


def busy_station(root: Path) -> Station:
    """Lots in every state, two requests of the centre, a link that broke two hours ago."""
    station = Station(root)
    for number in range(1, 15):
        station.drop(f"FSP-2026-03-02-{number:02}.tif", b"%d" % number * 900)
    _go(station)
    station.send()
    _incomplete(station, "DMT-0037", found=37, expected=50)
    _incomplete(station, "Étranger <n° 4> & suite", found=3, expected=2)
    _with_troubles(station)
    for number in range(15, 18):
        station.drop(f"FSP-2026-03-02-{number}.tif", b"%d" % number * 900)
    _go(station)
    for number in range(9):
        station.drop(f"FSP-2026-03-02-18/{number}.tif", b"page %d" % number)
    station.settle()
    reading = station.spool.lots.lots_to_read()[0].lot.id
    station.spool.status.record_progress(93, {reading: 4})
    station.drop("FSP-2026-03-02-19.tif", b"broken")
    station.scan()
    for number, rescan_id in enumerate(RESCANS):
        document = f"0197a000-0000-7000-8000-00000000000{number}"
        why = (WHY, "Recto et verso collés.")[number]
        lot = f"FSP-2026-03-02-0{number + 3}.tif"
        station.spool.rescans.record_request(
            RescanRequest(
                document, lot, why, rescan_id, station.clock().date(), "17", SHEETS[number]
            )
        )
    station.spool.status.record_link("centre:7443", "uplink_lost")
    station.clock.forward(7_300)
    return station


def _go(station: Station) -> None:
    station.settle()
    station.read()


def _incomplete(station: Station, name: str, *, found: int, expected: int) -> None:
    for number in range(found):
        station.drop(f"{name}/{number}.tif", b"%s %d" % (name.encode(), number))
    station.settle()
    for lot in station.spool.lots.lots_to_read():
        header = LotHeader(expected_documents=expected)
        station.spool.lots.record_result(
            lot.lot.id, result_of(lot, header), found, {"program": "0"}
        )


def _with_troubles(station: Station) -> None:
    for number in range(4):
        station.drop(f"FSP-ABIME/{number}.tif", b"worn %d" % number)
    station.settle()
    for lot in station.spool.lots.lots_to_read():
        whole = result_of(lot)
        aside = (
            SetAside("3.tif", None, FileTruncated.code, FileTruncated.reason),
            SetAside("2.tif", 0, PageTimeout.code, PageTimeout.reason),
        )
        result = LotResult(whole.documents[:2], aside)
        station.spool.lots.record_result(lot.lot.id, result, 2, {"program": "0"})
