"""The whole line on this machine: ``make demo``.

Starts the embedded PostgreSQL, the centre and one station, drops the sample lots that it draws,
shows how they come through, and a table of where each document went. ``ONCE=1`` ends by itself,
with status 0 only if all is as drawn (tests/tools/verdict.py); ``LOT=path`` drops your own
file or folder as well. State lies in ``.demo`` and is made anew at each start.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from central.web import labels
from edge.sources.folder.grouping import STATUS_FOLDER
from models.training.drawing import lots
from models.training.drawing.lots import TrueLot
from tests.support import accounts, small_lots
from tests.support.site import Ended, Site
from tests.tools import verdict

_HOME = Path(__file__).parents[2] / ".demo"
_SEED = 1
_READ_WITHIN_S = 1_800.0
_LOOK_EVERY_S = 1.0
_SHOWN_REASONS = 2
_INTERRUPTED = 130
_STATES = {
    "ready": "en cours de remise",
    "to_name": "à nommer",
    "to_key": "à vidéocoder",
    "dead": "remise en échec",
}


class Demo:
    """One run.

    Args:
        console: Where it is shown.
        own: The user's lot, dropped beside ours.
    """

    def __init__(self, console: Console, own: Path | None) -> None:
        self._console, self._own = console, own
        self._lots = _HOME / "lots"
        _HOME.mkdir(exist_ok=True)
        _HOME.chmod(0o700)  # keys, passwords and mail, be they made up, are the user's alone
        shutil.rmtree(_HOME / "site", ignore_errors=True)
        page = {"page": {"listen": "127.0.0.1:0"}}
        self._site = Site(_HOME / "site", _HOME / "cache", station=page)
        self._truth: tuple[TrueLot, ...] = ()
        self._own_name = ""

    @property
    def address(self) -> str:
        """Of the centre's pages, once it runs."""
        return self._site.address

    @property
    def folder(self) -> Path:
        """Where the centre has its database and images."""
        return self._site.folder

    def start(self) -> None:
        """Draw the lots (kept for the next time) and start both processes."""
        began = time.monotonic()
        if not (self._lots / "truth.json").exists():
            with self._console.status("Dessin des lots d'exemple…"):
                lots.draw_lots(self._lots, _SEED)
        self._truth = verdict.load_truth(self._lots)
        with self._console.status("Démarrage du centre et de la station…"):
            self._site.start_centre()
            self._site.start_station()
        self._console.print(
            f"Centre et station prêts en {time.monotonic() - began:.0f} s"
            f" (mTLS, PostgreSQL embarqué). Pages : {self._site.address}"
        )
        if self._site.station is not None:
            page = self._site.station.wait_for("page :")
            self._console.print(f"Page de la station : {page}")
        table = Table("Identifiant", "Mot de passe", "Rôle", box=box.SIMPLE_HEAD)
        for one in accounts.READY:
            table.add_row(one.login, one.password, ", ".join(map(labels.role, one.roles)))
        self._console.print(table)

    def drop(self) -> None:
        """Copy the lots into the scanner's folder, as a scanner leaves them."""
        for lot in self._truth:
            small_lots.copy(self._lots / lot.name, self._site.scan / lot.name)
        if self._own is not None:
            self._own_name = self._own.name
            while (self._site.scan / self._own_name).exists():
                self._own_name = f"votre-{self._own_name}"
            small_lots.copy(self._own, self._site.scan / self._own_name)
        self._console.print(f"Lots déposés dans {self._site.scan}")

    def follow(self) -> None:
        """Show the lots until everything has arrived.

        Raises:
            Ended: a process died, or it takes too long.
        """
        deadline = time.monotonic() + _READ_WITHIN_S
        with Live(console=self._console, transient=True) as live:
            while True:
                rows, documents = self._lot_rows(), self._documents()
                live.update(self._progress(rows))
                if self._is_done(rows, documents):
                    return
                for process in (self._site.centre, self._site.station):
                    if process is None or process.process.poll() is not None:
                        raise Ended("Un processus s'est arrêté : voyez les journaux de .demo/site.")
                if time.monotonic() > deadline:
                    raise Ended("Les lots ne sont pas tous arrivés à temps.")
                time.sleep(_LOOK_EVERY_S)

    def show(self) -> verdict.Verdict:
        """Print every document's way, and the verdict on our own lots."""
        rows, documents = self._lot_rows(), self._documents()
        self._console.print(self._table(documents))
        found = verdict.check(self._truth, rows, documents, self._site.poles)
        self._console.print(
            f"{found.straight} document(s) sur {found.documents} sans intervention ; "
            f"{found.values.right} valeurs remises justes, {len(found.values.wrong)} fausse(s)."
        )
        for problem in found.problems:
            self._console.print(problem, style="red", markup=False)
        if not found.problems:
            self._console.print("Chaque page est à sa place, type et pôle comme dessinés.")
        return found

    def stop(self) -> None:
        """End both processes."""
        self._site.stop()

    def _is_done(
        self, rows: Sequence[Mapping[str, Any]], documents: Sequence[dict[str, Any]]
    ) -> bool:
        own_is_told = (
            not self._own_name
            or any(row["name"] == self._own_name and row["state"] != "arriving" for row in rows)
            or bool(
                list((self._site.scan / STATUS_FOLDER).glob(f"{Path(self._own_name).stem} - ERR*"))
            )
        )
        return own_is_told and verdict.is_settled(self._truth, rows, documents)

    def _lot_rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._site.ask("/api/board")["lots"]
        return found

    def _documents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._site.ask("/api/documents?limit=500")["documents"]
        return found

    def _progress(self, rows: Sequence[Mapping[str, Any]]) -> Table:
        """What the operator sees beside the lots, and what the centre counts of each."""
        table = Table("Lot à la station", "Au centre", "Remis")
        by_name = {Path(str(row["name"])).stem: row for row in rows}
        status = self._site.scan / STATUS_FOLDER
        for file in sorted(status.iterdir()) if status.is_dir() else []:
            row = by_name.get(file.stem.partition(" - ")[0], {})
            table.add_row(
                file.stem,
                f"{row.get('stored_documents', 0)} document(s)",
                f"{row.get('delivered_documents', 0)}",
            )
        return table

    def _table(self, documents: Sequence[Mapping[str, Any]]) -> Table:
        table = Table("Lot", "N°", "Type", "Pôle", "Suite", "Remis à", box=box.SIMPLE_HEAD)
        for row in sorted(documents, key=lambda one: (one["lot_name"], one["position"])):
            table.add_row(
                row["lot_name"],
                str(row["position"] + 1),
                row["type"],
                row["pole"],
                _next_step(row),
                f"{row['destination']} ({row['receipt']})" if row["receipt"] else "",
            )
        return table


def _next_step(row: Mapping[str, Any]) -> str:
    if row["route"] == "straight":
        return _STATES.get(row["state"], "sans intervention")
    reasons = labels.reasons(row["route_reasons"])
    more = f" (+ {len(reasons) - _SHOWN_REASONS})" if len(reasons) > _SHOWN_REASONS else ""
    return f"{_STATES[row['state']]} : {', '.join(reasons[:_SHOWN_REASONS])}{more}"


def _wait_for_a_signal() -> None:
    while True:
        time.sleep(3_600)


def run(console: Console, *, once: bool, own: Path | None, wait: Callable[[], None]) -> int:
    """Run the demo; returns the exit status."""
    demo = Demo(console, own)
    try:
        demo.start()
        demo.drop()
        demo.follow()
        found = demo.show()
        if once:
            return 1 if found.problems else 0
        console.print("Déposez d'autres lots quand vous voulez. Ctrl-C arrête tout.")
        wait()
    except KeyboardInterrupt:
        return _INTERRUPTED if once else 0
    except Ended as error:
        console.print(str(error), style="red", markup=False)
        return 1
    finally:
        demo.stop()
        console.print("Tout est arrêté.")
    return 0


def main() -> int:
    """Read the environment and run."""
    own = os.environ.get("LOT", "")
    if own and not any(p.is_file() for p in (Path(own), *Path(own).rglob("*"))):
        Console(stderr=True, markup=False).print(f"LOT={own} : rien à cet endroit.")
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    return run(
        Console(markup=False),
        once=os.environ.get("ONCE", "") not in ("", "0"),
        own=Path(own).resolve() if own else None,
        wait=_wait_for_a_signal,
    )


if __name__ == "__main__":
    sys.exit(main())
