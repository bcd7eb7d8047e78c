"""A station's work directory as an earlier version left it, and what is seen of it now."""

import contextlib
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from edge.spool import spool as spool_spool
from tests.compat import filling, golden, present, samples

VERSIONS = (2, 6)
"""Of the journals that are kept; 2 is that of release 0.3.0."""
SITE, STATION = "gien", "poste-1"
_COUNTED = "tally"  # how many transactions: more at each start


def _archive(version: int) -> Path:
    return golden.FOLDER / f"journal-{version}.tar.gz"


def pack(work_dir: Path, version: int) -> None:
    """Keep a work directory whose spool is closed."""
    with tarfile.open(_archive(version), "w:gz") as archive:
        for path in sorted(work_dir.rglob("*")):
            if path.name != "lock":
                archive.add(path, str(path.relative_to(work_dir)), recursive=False, filter=_plain)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


@contextlib.contextmanager
def opened(version: int, folder: Path) -> Iterator[spool_spool.Spool]:
    """Open a kept work directory in ``folder`` as the station that owns it does."""
    with tarfile.open(_archive(version)) as archive:
        archive.extractall(folder, filter="data")
    spool = present.open_spool(folder, filling.Clock())
    try:
        yield spool
    finally:
        spool.close()


def rows(work_dir: Path) -> str:
    """Every value of a journal, a line each: table, key of the row, column, value."""
    with contextlib.closing(sqlite3.connect(work_dir / "journal.sqlite3")) as journal:
        tables = journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return golden.lines(
            line
            for (table,) in tables
            if table != _COUNTED and not table.startswith("sqlite_")
            for line in _values(journal, table)
        )


def _values(journal: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = [(row[1], row[5]) for row in journal.execute(f"PRAGMA table_xinfo({table})")]
    for number, row in enumerate(journal.execute(f"SELECT * FROM {table}")):  # noqa: S608
        told = dict(zip((name for name, _ in columns), row, strict=True))
        key = [told[name] for name, is_key in columns if is_key] or [number]
        for name, value in told.items():
            yield f"{table} {_json(key)} {name} {_json(value)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=bytes.hex)


def status(work_dir: Path) -> str:
    """What ``status --json`` says, a line a value."""
    return _text(json.loads(present.status(work_dir)))


def wire(spool: spool_spool.Spool) -> str:
    """What the station says of it: each message's bytes, and for people what is in them."""
    said = present.said_by_the_station(spool, SITE, STATION, samples.VERSIONS)
    return _text({name: told(up) for name, up in said})


def told(message: Message) -> dict[str, Any]:
    """A message's bytes, and for people what they say."""
    says = MessageToDict(message, preserving_proto_field_name=True)
    in_order = json.loads(json.dumps(says, sort_keys=True))  # maps have none of their own
    return {"bytes": message.SerializeToString(deterministic=True).hex(), "says": in_order}


def asked(folder: Path) -> str:
    """What a station keeps of a request to scan again, by each version of the centre."""
    kept = json.loads(golden.read("requests.json"))
    lines = []
    for version, request in kept.items():
        work_dir = folder / version
        work_dir.mkdir(parents=True)
        with contextlib.closing(present.open_spool(work_dir, filling.Clock())) as spool:
            present.asked_of_the_station(spool, bytes.fromhex(request))
        found = [line for line in rows(work_dir).splitlines() if line.startswith("rescans ")]
        lines += [f"{version}: {line}" for line in found]
    return golden.lines(lines)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def write(version: int, folder: Path) -> None:
    """Write what is seen of a journal; one that is not kept yet, and what it says, as well."""
    is_new = not _archive(version).exists()
    if is_new:
        made = folder / f"{version} new"
        made.mkdir(parents=True)
        with contextlib.closing(present.open_spool(made, filling.Clock())) as spool:
            filling.fill(spool)
            filling.fill_since_0_3_0(spool)
        pack(made, version)
    work_dir = folder / str(version)
    with opened(version, work_dir) as spool:
        if is_new:
            golden.write(f"journal-{version}.wire.json", wire(spool))
    golden.write(f"journal-{version}.status.json", status(work_dir))
    golden.write(f"journal-{version}.rows", rows(work_dir))
