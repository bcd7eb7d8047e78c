"""PDFs of pages of source files, made in confined processes: so many at a time, none trusted."""

import contextlib
import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from central.rendering import link
from central.rendering.process import Pool, Process, handed
from vaguemestre.model.document import DeliveryPage

_PAGE_WITHIN_S = 120.0
_PDF_WITHIN_S = 900.0
_TRIES = 2
_PDFS_OF_A_PROCESS = 200


class Binder:
    """See the module; for many threads. ``close`` ends its processes.

    Args:
        at_once: Processes.
    """

    def __init__(self, at_once: int = 2) -> None:
        self._pool = Pool(_Process, at_once)

    def bind(
        self,
        pages: Sequence[DeliveryPage],
        open_source: Callable[[bytes], BinaryIO],
        rooms: tuple[Path, Path],
    ) -> Path:
        """Make one PDF of pages, upright and in order; waits for its turn.

        Args:
            pages: Which.
            open_source: Opens a source file by its SHA-256.
            rooms: Two files that do not exist; one of them is the PDF afterwards.

        Raises:
            ValueError: a page cannot be put into a PDF, or takes more time or memory than it may.
            CentralError: a source file cannot be had.
            OSError: no room on the disk.
        """
        process = self._pool.take()
        try:
            return rooms[_in_tries(process, pages, open_source, rooms)]
        finally:
            process.finished()
            self._pool.give(process)

    def close(self) -> None:
        """End the processes; one that is at work is waited for a while."""
        self._pool.close()


class _Process(Process):
    def __init__(self) -> None:
        super().__init__("bind")
        self._made = 0

    def finished(self) -> None:
        """End it once in a while: what libraries never give back goes with it."""
        self._made += 1
        if self._made >= _PDFS_OF_A_PROCESS:
            self.end()
            self._made = 0


def _in_tries(
    process: Process,
    pages: Sequence[DeliveryPage],
    open_source: Callable[[bytes], BinaryIO],
    rooms: tuple[Path, Path],
) -> int:
    """One that dies or is late may have been killed for what another made it do."""
    for _ in range(_TRIES):
        try:
            return _bound(process.started(), pages, open_source, rooms)
        except link.Broken:
            process.end()
    raise ValueError("it cannot be put into a PDF")


def _bound(
    end: socket.socket,
    pages: Sequence[DeliveryPage],
    open_source: Callable[[bytes], BinaryIO],
    rooms: tuple[Path, Path],
) -> int:
    until = time.monotonic() + _PDF_WITHIN_S
    with contextlib.ExitStack() as opened:
        files = [opened.enter_context(room.open("w+b")) for room in rooms]
        _ask(end, {"do": "begin"}, files[0].fileno(), until)
        for file in files:
            _ask(end, {"do": "write"}, file.fileno(), until)
        for page in pages:
            told = asdict(page) | {"sha256": page.sha256.hex(), "file": ""}
            with open_source(page.sha256) as source, handed(source) as fd:
                _ask(end, {"do": "page", "page": told}, fd, until)
        number = _ask(end, {"do": "save"}, files[0].fileno(), until)
    if number >= len(rooms):
        raise link.Broken("number")
    return number


def _ask(end: socket.socket, question: dict[str, Any], fd: int, until: float) -> int:
    within_s = min(_PAGE_WITHIN_S, until - time.monotonic())
    if within_s <= 0:
        raise link.Broken("late")
    link.ask(end, question, fd, within_s)
    outcome, number = link.said(end, within_s)
    if outcome == link.NO_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if outcome != link.DONE:
        raise ValueError("a page cannot be put into a PDF")
    return number
