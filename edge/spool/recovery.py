"""Put right what a crash left, when the owner of a spool opens it.

Nothing else works on the spool meanwhile.
"""

import stat
from pathlib import Path

from edge.errors import SpoolCorrupt, passes
from edge.spool.claims import Claims, free_label
from edge.spool.documents import Outbox
from edge.spool.retention import Retention
from edge.spool.rules import SpoolState, composed, normal
from edge.spool.store import Store


def recover_after_crash(
    store: Store, claims: Claims, outbox: Outbox, retention: Retention
) -> tuple[str, ...]:
    """Go on with what was begun, and put aside what no record knows.

    Returns:
        The names of files that were put aside.

    Raises:
        OSError: the disk refuses.
    """
    retention.remove_leaving_blobs()
    _fold_names_again(store)
    for lot_id in _open_claims(store):
        for partial in store.staging(lot_id).glob("*.part"):
            store.disk.unlink(partial)  # a copy cut short: the original is still in its folder
        if not claims.staged_files(lot_id):
            claims.settle_claim(lot_id)
    _set_aside_documents_without_bytes(store, outbox)
    return _put_unknown_files_aside(store)


def _open_claims(store: Store) -> list[str]:
    sql = "SELECT id FROM lots WHERE state = ?"
    return [row["id"] for row in store.journal.all(sql, (SpoolState.SIGHTED,))]


def _fold_names_again(store: Store) -> None:
    """Earlier versions kept both spellings of an accent apart: such lots are one lot's now."""
    for row in store.journal.all("SELECT id, source, key, name, label FROM lots"):
        key, name, label = normal(row["key"]), composed(row["name"]), composed(row["label"])
        if (key, name, label) == (row["key"], row["name"], row["label"]):
            continue
        with store.journal.transaction() as t:
            if label != row["label"]:
                label = free_label(t, row["source"], name)
            t.execute(
                "UPDATE lots SET key = ?, name = ?, label = ? WHERE id = ?",
                (key, name, label, row["id"]),
            )


def _set_aside_documents_without_bytes(store: Store, outbox: Outbox) -> None:
    """Set aside each document whose bytes are gone or have another size.

    Reading a lot whose bytes are gone codes them file by file.
    """
    for row in store.journal.all("SELECT sha256, size FROM blobs"):
        if _is_whole(store.blob(row["sha256"]), row["size"]):
            continue
        for document in store.journal.all(
            "SELECT id FROM documents JOIN document_blobs ON document_id = id"
            " WHERE sha256 = ? AND state = ?",
            (row["sha256"], SpoolState.SPOOLED),
        ):
            outbox.refuse_document(document["id"], SpoolCorrupt.code, SpoolCorrupt.reason)


def _is_whole(path: Path, size: int) -> bool:
    """Whether a file is there in full; one that the disk does not give now is not yet lost."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        return passes(error)
    return stat.S_ISREG(status.st_mode) and status.st_size == size


def _put_unknown_files_aside(store: Store) -> tuple[str, ...]:
    known = {row["sha256"] for row in store.journal.all("SELECT sha256 FROM blobs")}
    unknown = [path for path in (store.work_dir / "blobs").glob("??/*") if path.name not in known]
    open_claims = set(_open_claims(store))
    ended = [
        folder for folder in (store.work_dir / "claims").iterdir() if folder.name not in open_claims
    ]
    for folder in ended:
        unknown += folder.iterdir()
    for path in unknown:
        store.disk.rename(path, _free_path(store.aside(f"{path.parent.name}-{path.name}")))
    store.disk.sync_dirs([*(path.parent for path in unknown), store.aside("-").parent])
    for folder in ended:
        store.disk.remove_dir(folder)
    return tuple(path.name for path in unknown)


def _free_path(path: Path) -> Path:
    number = 1
    candidate = path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
