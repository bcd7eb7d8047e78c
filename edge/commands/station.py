"""The commands that a station's settings file is given to: run, status, close, replay, doctor."""

import dataclasses
import datetime as dt
import json
import sys
import threading
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge import agent, doctor
from edge.commands.visit import visited
from edge.config import EdgeConfig
from edge.events import Events
from edge.page import words
from edge.page.situation import gather
from edge.spool.keys import composed
from edge.spool.values import LotView, Rescan


def run(config: EdgeConfig, stop: threading.Event) -> int:
    """Run the agent in the foreground until it is told to stop."""
    events = Events()

    def ready(page: str) -> None:
        if page:
            print(f"page : {page}", flush=True)
        print(f"prêt : {config.station.site}/{config.station.name}", flush=True)

    agent.run(config, events, stop, ready)
    return 0


def status(config: EdgeConfig, console: Console, *, as_json: bool) -> int:
    """Show the lots and what waits for the centre."""
    with visited(config) as spool:
        lots, sources, backlog = spool.lots_overview(), spool.sources_overview(), spool.backlog()
        rescans, hidden, aside = spool.rescans(), spool.lots_hidden(), spool.aside()
        now = gather(config, spool, agent.now())
    if as_json:
        answer = {
            "lots": [dataclasses.asdict(lot) for lot in lots],
            "sources": [dataclasses.asdict(source) for source in sources],
            "backlog": dataclasses.asdict(backlog),
            "rescans": [_told(rescan) for rescan in rescans],
            "hidden": dataclasses.asdict(hidden),
            "standing": dataclasses.asdict(now.standing),
            "aside": aside,
        }
        json.dump(answer, sys.stdout, ensure_ascii=False, default=str)
        print()
        return 0
    table = Table("Lot", "État", "Détail", "Pages", "Documents", "Envoyés")
    for lot in lots:
        state = lot.shown.value
        if lot.count is not None and lot.shown.value == "INCOMPLET":
            state = f"{state} {lot.count.found}/{lot.count.expected}"
        row = (lot.name, state, _detail(lot), lot.counted_pages, lot.documents, lot.acknowledged)
        table.add_row(*(str(value) for value in row))
    console.print(table)
    if hidden.needing + hidden.others:
        beyond = f"Et {hidden.needing + hidden.others} lot(s) de plus"
        console.print(f"{beyond}, dont {hidden.needing} à traiter.")
    link, advice, is_well = words.link(now)
    if not is_well:
        console.print(f"{link} : {advice}")
    for one in now.standing.stalled:
        console.print(*words.stalled(one, now.now), sep=" : ")
    for source in sources:
        if source.reason:
            console.print(f"{source.name} : {source.reason}")
    for rescan in rescans:
        which = ", ".join(filter(None, (rescan.lot_name, words.sheet_of(rescan))))
        console.print(f"À numériser de nouveau : {which} ({rescan.reason})")
    if aside:
        console.print(f"{aside} fichier(s) sans lot connu dans aside : prévenez l'exploitation.")
    console.print(f"{backlog.documents} document(s) en attente d'envoi.")
    return 0


def _told(rescan: Rescan) -> dict[str, Any]:
    """A request as a program reads it; its picture is for people (``rescan --output``)."""
    told = dataclasses.asdict(rescan)
    del told["sheet"]["picture"]
    return told


def _detail(lot: LotView) -> str:
    """What an operator must know of a lot: what was set aside, else where it stands."""
    if not lot.set_aside:
        return lot.detail
    first, *others = lot.set_aside
    more = f" (+ {len(others)})" if others else ""
    return f"{first.file} : {first.reason}{more}"


def close(config: EdgeConfig, lot: str, console: Console) -> int:
    """Close an incomplete lot."""
    with visited(config) as spool:
        closed = spool.close_lot(lot)
    console.print(f"{closed} lot(s) clôturé(s)." if closed else f"Aucun lot incomplet « {lot} ».")
    return 0 if closed else 1


def replay(config: EdgeConfig, some_id: str, console: Console) -> int:
    """Send a document again, or read a lot again that was set aside."""
    try:
        with visited(config) as spool:
            spool.replay(some_id)
    except LookupError:
        console.print(f"Rien à rejouer sous l'identifiant {some_id}.")
        return 1
    console.print("C'est reparti.")
    return 0


def replay_since(config: EdgeConfig, day: dt.date, console: Console) -> int:
    """Send again all that was received since a day: the centre keeps what it still has once."""
    with visited(config) as spool:
        count = spool.replay_since(day)
    console.print(f"{count} document(s) à renvoyer.")
    return 0 if count else 1


def discard(config: EdgeConfig, lot: str, console: Console) -> int:
    """Give up what was set aside of a lot, so that it can leave the station."""
    with visited(config) as spool:
        asked = {lot, composed(lot)}
        lots = {one.id for name in asked for one in spool.lots_named(name) if one.id}
        given_up = sum(spool.discard(lot_id) for lot_id in lots)
    console.print(
        f"{given_up} lot(s) déchargé(s)." if given_up else f"Rien d'écarté sous « {lot} »."
    )
    return 0 if given_up else 1


def examine(config: EdgeConfig, console: Console) -> int:
    """Print the doctor's findings; 1 when something is wrong."""
    is_well = True
    for finding in doctor.examine(config, agent.now()):
        is_well = is_well and finding.is_well
        mark = Text("bien", "green") if finding.is_well else Text("à voir", "red")
        advice = "" if finding.is_well else f" : {finding.advice}"
        console.print(mark, f" {finding.subject}{advice}")
    return 0 if is_well else 1
