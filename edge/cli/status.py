"""``vaguemestre-edge status``: what the operators' page shows, once or kept up to date."""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from edge import agent
from edge.cli.arguments import add_command
from edge.cli.station import open_spool
from edge.config import EdgeConfig, load
from edge.spool.values import LotStatus, OperatorState, Rescan
from edge.web import status as status_words
from edge.web.status import StationStatus, read_status
from vaguemestre.model.calendar import paris_time

_EVERY_S = 2.0
_WIDE = 110  # columns from which all of a lot is shown
_CARD_LINES, _TABLE_LINES = 5, 6  # a panel; the table's frame, its caption and the last line
_LEAST_LOTS = 3
_NAMES = ("Liaison", "À envoyer", "Lecture", "Disque")
_ONLY_WIDE = frozenset({"Fichiers", "Envoyés"})
_COLOURS = {
    OperatorState.RUNNING: "cyan",
    OperatorState.INCOMPLETE: "yellow",
    OperatorState.DONE: "green",
    OperatorState.ERROR: "red",
}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(commands, "status", "montre les lots et les envois", _run)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--json", action="store_true")
    mode.add_argument("--watch", action="store_true", help="tient l'écran à jour ; Ctrl-C quitte")


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.watch:
        return watch(load(options.config), console)
    return status(load(options.config), console, as_json=options.json)


def status(config: EdgeConfig, console: Console, *, as_json: bool) -> int:
    """Show the lots and what waits for the centre."""
    with open_spool(config) as spool:
        lots, sources, backlog = (
            spool.status.lots_overview(),
            spool.status.sources_overview(),
            spool.outbox.backlog(),
        )
        rescans, hidden, aside = (
            spool.rescans.open_requests(),
            spool.status.lots_hidden(),
            spool.retention.count_aside(),
        )
        now = read_status(config, spool, agent.now())
    if as_json:
        answer = {
            "lots": [dataclasses.asdict(lot) for lot in lots],
            "sources": [dataclasses.asdict(source) for source in sources],
            "backlog": dataclasses.asdict(backlog),
            "rescans": [_rescan_json(rescan) for rescan in rescans],
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
    link, advice, is_well = status_words.link_text(now)
    if not is_well:
        console.print(f"{link} : {advice}")
    for one in now.standing.stalled:
        console.print(*status_words.stalled(one, now.now), sep=" : ")
    for source in sources:
        if source.reason:
            console.print(f"{source.name} : {source.reason}")
    for rescan in rescans:
        which = ", ".join(filter(None, (rescan.lot_name, status_words.sheet_of(rescan))))
        console.print(f"À numériser de nouveau : {which} ({rescan.reason})")
    if aside:
        console.print(f"{aside} fichier(s) sans lot connu dans aside : prévenez l'exploitation.")
    console.print(f"{backlog.documents} document(s) en attente d'envoi.")
    return 0


def _rescan_json(rescan: Rescan) -> dict[str, Any]:
    """A request as a program reads it; its picture is for people (``rescan --output``)."""
    entry = dataclasses.asdict(rescan)
    del entry["sheet"]["picture"]
    return entry


def _detail(lot: LotStatus) -> str:
    """What an operator must know of a lot: what was set aside, else where it stands."""
    if not lot.set_aside:
        return lot.detail
    first, *others = lot.set_aside
    more = f" (+ {len(others)})" if others else ""
    return f"{first.file} : {first.reason}{more}"


def watch(config: EdgeConfig, console: Console) -> int:
    """Show the station until interrupted; 2 where there is no terminal to show it on."""
    if not console.is_terminal:
        print("--watch demande un terminal. Sans lui : status, ou status --json.", file=sys.stderr)
        return 2
    try:
        with (
            open_spool(config) as spool,
            Live(console=console, screen=True, auto_refresh=False) as live,
        ):
            while True:
                now = read_status(config, spool, agent.now())
                live.update(screen(now, console.width, console.height), refresh=True)
                time.sleep(_EVERY_S)
    except KeyboardInterrupt:
        return 0


def screen(now: StationStatus, width: int, height: int) -> RenderableType:
    """All of it, no higher than the terminal: what an operator must act on is never cut first."""
    title = Text(f"Vaguemestre · {now.site} · {now.station} · ", "bold", no_wrap=True)
    title.append(f"{paris_time(now.now):%d/%m/%Y %H:%M:%S}", "not bold")
    is_wide = width >= _WIDE
    cards = _cards(now) if is_wide else _short_cards(now)
    notes = _notes(now)
    taken = 1 + (_CARD_LINES if is_wide else len(_NAMES)) + _TABLE_LINES
    room = max(_LEAST_LOTS, height - taken - len(notes))
    shown = min(room, len(now.lots))
    notes = notes[: max(1, height - taken - shown)]
    quit_ = Text("Ctrl-C pour quitter", "dim")
    return Group(title, cards, _lots(now, shown, is_wide=is_wide), *notes, quit_)


def _facts(now: StationStatus) -> Iterator[tuple[str, tuple[str, str, bool]]]:
    told = (
        status_words.link_text(now),
        status_words.backlog_text(now),
        status_words.rate_text(now),
        status_words.disk_text(now),
    )
    yield from zip(_NAMES, told, strict=True)


def _cards(now: StationStatus) -> Table:
    grid = Table.grid(expand=True)
    made = []
    for name, (value, detail, is_well) in _facts(now):
        grid.add_column(ratio=1)
        text = Text(value, "bold" if is_well else "bold red").append(f"\n{detail}", "not bold")
        border = "" if is_well else "red"
        made.append(Panel(text, title=name, height=_CARD_LINES, border_style=border))
    grid.add_row(*made)
    return grid


def _short_cards(now: StationStatus) -> Group:
    """A line each, for narrow terminals."""
    lines = []
    for name, (value, detail, is_well) in _facts(now):
        line = Text(f"{name} : ", no_wrap=True, overflow="ellipsis")
        lines.append(line.append(f"{value}. ", "bold" if is_well else "bold red").append(detail))
    return Group(*lines)


def _lots(now: StationStatus, shown: int, *, is_wide: bool) -> Table:
    table = Table(expand=True, caption_justify="left", pad_edge=False)
    table.add_column("Lot", no_wrap=True, ratio=2)
    table.add_column("État", no_wrap=True, min_width=9)
    for name in ("Annoncé", "Fichiers", "Pages", "Envoyés", "Reçus"):
        if is_wide or name not in _ONLY_WIDE:
            table.add_column(name, justify="right", no_wrap=True)
    if is_wide:
        table.add_column("À savoir", no_wrap=True, ratio=3)
    for lot in now.lots[:shown]:
        cells = [
            Text(lot.name),
            Text(lot.shown.value, _COLOURS[lot.shown]),
            Text(status_words.announced_text(lot)[0]),
            Text(status_words.scanned_text(lot)),
            Text(status_words.read_text(lot)),
            Text(status_words.of_documents(lot, lot.sent)),
            Text(status_words.of_documents(lot, lot.acknowledged)),
            Text(status_words.advice_text(lot)),
        ]
        kept = cells if is_wide else [cells[0], cells[1], cells[2], cells[4], cells[6]]
        table.add_row(*kept)
    more = len(now.lots) - shown + now.hidden.needing + now.hidden.others
    table.caption = f"et {status_words.counted(more, 'autre lot', 'autres lots')}" if more else None
    return table


def _notes(now: StationStatus) -> list[RenderableType]:
    """What is below the lots, a line each: folders, requests, what was set aside."""
    stalled = [status_words.stalled(one, now.now) for one in now.standing.stalled]
    lines = [Text(f"{name} : {what}", "red") for name, what in stalled]
    lines += [
        Text(f"Dossier {source.name} : {source.reason}", "red")
        for source in now.sources
        if source.reason
    ]
    for rescan in now.rescans:
        standing = status_words.standing_of(rescan)
        line = Text(f"{standing} ", "yellow")
        line.append(f"{rescan.code or rescan.lot_name} ", "bold not yellow")
        which = ", ".join(filter(None, (rescan.lot_name, status_words.sheet_of(rescan))))
        lines.append(line.append(f"{which} : {rescan.reason}", "default"))
    for lot in now.lots:
        for aside in lot.set_aside:
            where = ", ".join(filter(None, (lot.name, aside.file, aside.place)))
            told = f"Mis de côté : {where} : {aside.reason}"
            lines.append(Text(f"{told} [{aside.code}]"))
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return list(lines)
