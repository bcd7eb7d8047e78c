"""``vaguemestre-edge status --watch``: what the page shows, in a terminal, again and again."""

import sys
import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from edge import agent
from edge.cli.station import open_spool
from edge.config import EdgeConfig
from edge.spool.values import OperatorState
from edge.web import status
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
        status.link_text(now),
        status.backlog_text(now),
        status.rate_text(now),
        status.disk_text(now),
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
            Text(status.announced_text(lot)[0]),
            Text(status.scanned_text(lot)),
            Text(status.read_text(lot)),
            Text(status.of_documents(lot, lot.sent)),
            Text(status.of_documents(lot, lot.acknowledged)),
            Text(status.advice_text(lot)),
        ]
        kept = cells if is_wide else [cells[0], cells[1], cells[2], cells[4], cells[6]]
        table.add_row(*kept)
    more = len(now.lots) - shown + now.hidden.needing + now.hidden.others
    table.caption = f"et {status.counted(more, 'autre lot', 'autres lots')}" if more else None
    return table


def _notes(now: StationStatus) -> list[RenderableType]:
    """What is below the lots, a line each: folders, requests, what was set aside."""
    stalled = [status.stalled(one, now.now) for one in now.standing.stalled]
    lines = [Text(f"{name} : {what}", "red") for name, what in stalled]
    lines += [
        Text(f"Dossier {source.name} : {source.reason}", "red")
        for source in now.sources
        if source.reason
    ]
    for rescan in now.rescans:
        standing = status.standing_of(rescan)
        line = Text(f"{standing} ", "yellow")
        line.append(f"{rescan.code or rescan.lot_name} ", "bold not yellow")
        which = ", ".join(filter(None, (rescan.lot_name, status.sheet_of(rescan))))
        lines.append(line.append(f"{which} : {rescan.reason}", "default"))
    for lot in now.lots:
        for aside in lot.set_aside:
            where = ", ".join(filter(None, (lot.name, aside.file, aside.place)))
            told = f"Mis de côté : {where} : {aside.reason}"
            lines.append(Text(f"{told} [{aside.code}]"))
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return list(lines)
