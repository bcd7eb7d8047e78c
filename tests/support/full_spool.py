"""A spool with many lots that were read and sent, written into its journal directly: it is fast."""

from edge.spool.spool import Spool

_LOT = """
INSERT INTO lots (id, source, name, key, label, channel, fund, process, received_at, received_on,
    state, acknowledged_at, versions) VALUES (?1, 'scan', ?2, ?2, ?2, 'scanner', '17', '',
    '2026-03-02T11:00:00+00:00', '2026-03-02', 'acknowledged', '2026-03-02T11:30:00+00:00', '{}')
"""


def fill(spool: Spool, lots: int, documents: int) -> None:
    """Put so many lots of so many documents there, newer than all others; the centre has them."""
    with spool._store.journal.transaction() as t:
        for lot in range(lots):
            lot_id = f"ffffffff-{lot:06}"
            t.execute(_LOT, (lot_id, f"OLD{lot:06}"))
            t.execute("INSERT INTO blobs VALUES (?, 1, 1, 0)", (lot_id,))
            for position in range(documents):
                document_id = f"{lot_id}-{position:04}"
                t.execute(
                    "INSERT INTO documents (id, lot_id, position, state, pages, json)"
                    " VALUES (?, ?, ?, 'acknowledged', 2, '{}')",
                    (document_id, lot_id, position),
                )
                t.execute("INSERT INTO document_blobs VALUES (?, ?)", (document_id, lot_id))
