"""Fill a station's spool with something of everything, through its own doors.

Run once for each schema of the journal, by the version that introduced it.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from edge import errors
from edge.spool import rules as spool_rules
from edge.spool import spool as spool_spool
from edge.spool import values
from tests.compat import present, samples
from vaguemestre.model import document as model_document
from vaguemestre.model import lot

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SOURCE = "scan"
FILES = ("0001.png", "0002.png", "0003.png")  # of most lots: known from the second on


class Clock:
    """Moves on by a second at each look, so that moments differ."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


def fill(spool: spool_spool.Spool) -> None:
    """Lots, documents and requests in every state that both 0.3.0 and the present program know."""
    _requests(spool)
    _gone(spool)
    _not_yet_read(spool)
    _under_way(spool)
    _done(spool)
    _of_other_channels(spool)
    _around(spool)


def _gone(spool: spool_spool.Spool) -> None:
    """A lot that has left: only its digests are known."""
    lot_id = _spooled(spool, "parti", samples.plain("0001.png"), channel="upload")
    _acknowledge(spool, lot_id, report=True)
    spool.retention.purge(NOON + dt.timedelta(days=30))


def _not_yet_read(spool: spool_spool.Spool) -> None:
    """Lots that are claimed, being claimed, short of their count, and set aside."""
    _claim(spool, "à lire", expected_pages=4)
    _begin(spool, "en cours", FILES[:2])
    held = _claim(spool, "incomplet")
    _read(spool, held, samples.lot(samples.plain("0001.png"), header=samples.HEADER))
    failed = _claim(spool, "illisible")
    spool.lots.set_lot_aside(failed, "reading_too_long", "La lecture a pris trop de temps.")
    lost = _begin(spool, "disparu", FILES[:1])
    spool.claims.finish_claim(lost, {0: errors.FileVanished})


def _under_way(spool: spool_spool.Spool) -> None:
    """A lot whose documents are waiting, acknowledged, refused and to be scanned again."""
    documents = (
        samples.rich("name", "verified"),
        samples.rich("key", None),
        samples.plain("0002.png"),
        samples.plain("0003.png", "key"),
    )
    sheet = samples.page("0003.png", "separator", 5)
    _spooled(spool, "envoi", *documents, set_aside=[samples.ASIDE], loose_pages=[sheet])
    ids = [one.id for one in spool.outbox.documents_to_send(10)]
    spool.outbox.acknowledge_blob(samples.SHA256["0002.png"])
    spool.outbox.acknowledge_document(ids[2])
    spool.outbox.refuse_document(ids[3], "document_invalid", "Document refusé par le centre.")
    spool.rescans.record_request(
        lot.RescanRequest(ids[0], "envoi", "Page coupée.", samples.RESCANS["open"])
    )
    answer = f"rescan-{samples.RESCANS['answered'][-8:]}"
    _spooled(spool, answer, samples.rich("key", "verified", samples.RESCANS["answered"]))


def _done(spool: spool_spool.Spool) -> None:
    """Lots of which the centre has every document: one was reported, two are to be."""
    for name, layout, channel in (
        ("rapport dû", "unverified", "mailbox"),
        ("fini", "verified", "platform"),
    ):
        lot_id = _spooled(spool, name, samples.rich("straight", layout), channel=channel)
        _acknowledge(spool, lot_id, report=name == "fini")
    short = _spooled(spool, "clos", samples.rich("key", "unverified"), header=samples.HEADER)
    spool.lots.close_lots("clos", SOURCE)
    _acknowledge(spool, short, report=False)


def _of_other_channels(spool: spool_spool.Spool) -> None:
    """Documents of bytes that were never seen before: they may go straight."""
    rich = samples.rich("straight", "unverified", file="0004.png")
    for name, document, file, channel in (
        ("courriel", rich, "0004.png", "mailbox"),
        ("portail", samples.plain("0005.png"), "0005.png", "platform"),
        ("dépôt", samples.plain("0006.png"), "0006.png", "upload"),
    ):
        _spooled(spool, name, document, channel=channel, files=(file,))


def fill_since_0_3_0(spool: spool_spool.Spool) -> None:
    """What the journal has learned since then."""
    first = _claim(spool, "le même")
    note = "Ce lot suit de près un autre du même nom."
    placement = values.Placement(
        related=first, note=note, related_note=note, doubt="probably_split"
    )
    second = _claim(spool, "le même", placement=placement)
    _read(spool, second, samples.lot(samples.plain("0001.png")))
    sheet = lot.AskedSheet(2, "Feuille de soins", 1, 3, b"\xff\xd8\xff picture")
    asked = lot.RescanRequest("0197a000-0000-7000-8000-000000000009", "ancien", "Page floue.",
                                "0197a000-0000-7000-8000-0000c0ffee00", dt.date(2026, 2, 27), "45",
                                sheet)  # fmt: skip
    spool.rescans.record_request(asked)
    spool.claims.copies.record_not_removable(
        SOURCE, b"fini/0001.png", "Accès refusé.", "Un fichier reste."
    )
    spool.status.record_stalled([values.StalledPart("reading", "lit un lot", NOON)])


def _requests(spool: spool_spool.Spool) -> None:
    document = "0197a000-0000-7000-8000-000000000001"
    for state, rescan_id in samples.RESCANS.items():
        if state != "open":
            asked = lot.RescanRequest(
                document, "ancien", "Page coupée.", rescan_id, dt.date(2026, 2, 27), "45"
            )
            spool.rescans.record_request(asked)
    spool.rescans.record_request(
        lot.RescanRequest("0197a000-0000-7000-8000-000000000002", "vieux", "Flou.")
    )
    spool.rescans.record_impossible(samples.RESCANS["impossible"], "L'original est parti.")
    spool.rescans.close(samples.RESCANS["over"])


def _around(spool: spool_spool.Spool) -> None:
    count = spool_rules.Count(3, 5, spool_rules.Unit.PAGES)
    aside = lot.SetAside("notes.txt", None, "format_unknown", "Format inconnu.")
    states = values.OperatorState
    seen = [
        values.SeenLot("vu", "vu", states.RUNNING, "Le scanner écrit."),
        values.SeenLot("court", "court", states.INCOMPLETE, "Il manque des pages.", count),
        values.SeenLot("faux", "faux", states.ERROR, "Rien à lire.", None, (aside,)),
    ]
    spool.claims.record_seen_lots(SOURCE, seen)
    spool.status.record_source(SOURCE, "Le dossier surveillé n'est pas accessible.")
    spool.status.record_source("guichet", "")
    spool.status.record_link("centre-1:8443", "uplink_lost")
    spool.status.record_progress(87, {"0197a000-0000-7000-8000-000000000003": 4})


def _begin(spool: spool_spool.Spool, name: str, files: Sequence[str], **more: Any) -> str:
    told: dict[str, Any] = {"channel": "scanner", **more}
    arriving = [
        values.ArrivingFile(
            f"{name}/{file}".encode("latin-1"),
            file,
            len(samples.FILES[file]),
            1_772_000_000_000_000_000 + place,
            1_000 + place,
            twin_of="0001.png" if file == "0002.png" else None,
            twin_certain=file != "0002.png",
        )
        for place, file in enumerate(files)
    ]
    channel = model_document.Channel(told.pop("channel"))
    arrival = values.Arrival(
        SOURCE, name, name.casefold(), channel, "45", "FSP", tuple(arriving), **told
    )
    return spool.claims.begin_claim(arrival)


def _claim(spool: spool_spool.Spool, name: str, files: Sequence[str] = FILES, **more: Any) -> str:
    lot_id = _begin(spool, name, files, **more)
    staged = dict(spool.claims.open_claims(SOURCE))[lot_id]
    for one in staged:
        one.staging.write_bytes(samples.FILES[one.file.name])
    spool.claims.finish_claim(lot_id, {})
    return lot_id


def _read(spool: spool_spool.Spool, lot_id: str, result: str) -> None:
    spool.lots.record_result(lot_id, present.lot_result(result), 3, samples.VERSIONS)


def _spooled(spool: spool_spool.Spool, name: str, *documents: dict[str, Any], **more: Any) -> str:
    files = more.pop("files", FILES)
    lot_id = _claim(spool, name, files, channel=more.pop("channel", "scanner"))
    _read(spool, lot_id, samples.lot(*documents, **more))
    return lot_id


def _acknowledge(spool: spool_spool.Spool, lot_id: str, *, report: bool) -> None:
    for one in spool.outbox.documents_to_send(100):
        if one.lot.id == lot_id:
            spool.outbox.acknowledge_document(one.id)
    if report:
        spool.outbox.acknowledge_lot(lot_id)
