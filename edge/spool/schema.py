"""The journal's tables, and how each version becomes the next.

What a look at the lots shows is counted in the lots' rows, by triggers, so that a look costs the
same however many documents there are. ``need`` sorts them: 0 needs somebody, 1 is under way, 2
is done. A lot's row goes when the lot leaves; of its files only their digests stay.
"""

import sqlite3

VERSION = 6
FIRST_COUNTED = 3  # journals before counted no transactions
FIRST_TALLIED = 4  # journals before kept the rows of lots that had left
APPLICATION_ID = 0x76676D31  # "vgm1"

TABLES = """
CREATE TABLE lots (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    label TEXT NOT NULL, channel TEXT NOT NULL, fund TEXT NOT NULL, process TEXT NOT NULL,
    received_at TEXT NOT NULL, received_on TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL, rejoined INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0,
    expected_pages INTEGER, verify INTEGER NOT NULL DEFAULT 0,
    found INTEGER, expected INTEGER, unit TEXT,
    counted_pages INTEGER NOT NULL DEFAULT 0, loose_pages INTEGER NOT NULL DEFAULT 0,
    twins INTEGER NOT NULL DEFAULT 0,
    result TEXT, versions TEXT,
    code TEXT, reason TEXT, acknowledged_at TEXT
) STRICT;
CREATE INDEX lots_by_state ON lots (state, id);
CREATE INDEX lots_by_key ON lots (source, key);
CREATE TABLE lot_files (
    lot_id TEXT NOT NULL REFERENCES lots ON DELETE CASCADE, position INTEGER NOT NULL,
    origin BLOB NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, inode TEXT NOT NULL, twin_of TEXT, twin_certain INTEGER NOT NULL,
    sha256 TEXT, duplicate_of TEXT, code TEXT, PRIMARY KEY (lot_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_digest ON lot_files (sha256);
CREATE TABLE set_aside (
    lot_id TEXT NOT NULL REFERENCES lots ON DELETE CASCADE, file TEXT NOT NULL, page INTEGER,
    code TEXT NOT NULL, reason TEXT NOT NULL, by_reading INTEGER NOT NULL,
    discarded INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX set_aside_by_lot ON set_aside (lot_id);
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, acknowledged INTEGER NOT NULL DEFAULT 0,
    leaving INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, lot_id TEXT NOT NULL REFERENCES lots ON DELETE CASCADE,
    position INTEGER NOT NULL, state TEXT NOT NULL, pages INTEGER NOT NULL,
    json TEXT NOT NULL, code TEXT, reason TEXT, UNIQUE (lot_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_by_state ON documents (state, id);
CREATE TABLE document_blobs (
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE, sha256 TEXT NOT NULL,
    PRIMARY KEY (document_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE digests (sha256 TEXT PRIMARY KEY, lot_id TEXT NOT NULL, seen_at TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE sightings (
    source TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, label TEXT NOT NULL,
    shown TEXT NOT NULL, detail TEXT NOT NULL, found INTEGER, expected INTEGER, unit TEXT,
    set_aside TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0, first_seen TEXT NOT NULL,
    PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE sources (name TEXT PRIMARY KEY, reason TEXT NOT NULL, since TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE rescans (
    document_id TEXT PRIMARY KEY, lot_name TEXT NOT NULL, reason TEXT NOT NULL,
    asked_at TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE last_id (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL) STRICT;
INSERT INTO last_id VALUES (1, '');
"""

# From each version to the next; a new journal goes through all of them.
_MIGRATIONS = {
    1: """
ALTER TABLE lots ADD COLUMN rescan_id TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN rescan_id TEXT NOT NULL DEFAULT '';
CREATE INDEX documents_by_lot ON documents (lot_id, state);
CREATE INDEX documents_by_rescan ON documents (rescan_id) WHERE rescan_id <> '';
ALTER TABLE rescans RENAME TO rescans_1;
CREATE TABLE rescans (
    key TEXT PRIMARY KEY, rescan_id TEXT NOT NULL, document_id TEXT NOT NULL,
    lot_name TEXT NOT NULL, reason TEXT NOT NULL, received_on TEXT NOT NULL, fund TEXT NOT NULL,
    asked_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open',
    impossible TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
INSERT INTO rescans (key, rescan_id, document_id, lot_name, reason, received_on, fund, asked_at,
    state)
    SELECT document_id, '', document_id, lot_name, reason, '', '', asked_at,
    CASE done WHEN 0 THEN 'open' ELSE 'closed' END FROM rescans_1;
DROP TABLE rescans_1;
CREATE INDEX rescans_by_document ON rescans (document_id);
CREATE TABLE standing (name TEXT PRIMARY KEY, value TEXT NOT NULL, since TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
""",
    2: """
CREATE TABLE tally (only INTEGER PRIMARY KEY CHECK (only = 1), committed INTEGER NOT NULL) STRICT;
INSERT INTO tally VALUES (1, 1);
""",
    3: """
ALTER TABLE lots ADD COLUMN documents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN answers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN files INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN asides INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rescans ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
UPDATE rescans SET gone = (SELECT count(*) FROM documents JOIN lots ON lots.id = lot_id
    WHERE lots.state = 'reaped' AND documents.rescan_id = rescans.rescan_id) WHERE rescan_id <> '';
UPDATE rescans SET lot_name = '', reason = '', impossible = '' WHERE state = 'closed';
DELETE FROM documents WHERE lot_id IN (SELECT id FROM lots WHERE state = 'reaped');
DELETE FROM set_aside WHERE lot_id IN (SELECT id FROM lots WHERE state = 'reaped');
DELETE FROM lot_files WHERE lot_id IN (SELECT id FROM lots WHERE state = 'reaped');
DELETE FROM lots WHERE state = 'reaped';
CREATE INDEX document_blobs_by_digest ON document_blobs (sha256, document_id);
UPDATE documents SET unsent = (SELECT count(*) FROM document_blobs JOIN blobs USING (sha256)
    WHERE document_id = documents.id AND NOT acknowledged);
UPDATE lots SET
    documents = (SELECT count(*) FROM documents WHERE lot_id = lots.id),
    answered = (SELECT count(*) FROM documents WHERE lot_id = lots.id AND state = 'acknowledged'),
    refused = (SELECT count(*) FROM documents WHERE lot_id = lots.id AND state = 'set_aside'),
    sent = (SELECT count(*) FROM documents WHERE lot_id = lots.id
        AND (state = 'acknowledged' OR state = 'spooled' AND unsent = 0)),
    answers = (SELECT count(*) FROM documents WHERE lot_id = lots.id AND rescan_id <> ''),
    files = (SELECT count(*) FROM lot_files WHERE lot_id = lots.id AND kind = 'pages'),
    asides = (SELECT count(*) FROM set_aside WHERE lot_id = lots.id AND NOT discarded),
    wanted = (SELECT count(*) FROM rescans JOIN documents ON documents.id = document_id
        WHERE lot_id = lots.id AND rescans.state = 'open');
ALTER TABLE lots ADD COLUMN need INTEGER NOT NULL GENERATED ALWAYS AS (CASE
    WHEN state IN ('read', 'set_aside') OR refused > 0 OR asides > 0 OR wanted > 0 THEN 0
    WHEN state IN ('sighted', 'claimed') THEN 1 ELSE 2 END) VIRTUAL;
CREATE INDEX lots_by_need ON lots (need, id);
CREATE TRIGGER document_made AFTER INSERT ON documents BEGIN
    UPDATE lots SET documents = documents + 1, answers = answers + (new.rescan_id <> ''),
    answered = answered + (new.state = 'acknowledged'),
    refused = refused + (new.state = 'set_aside'),
    sent = sent + (new.state = 'acknowledged' OR new.state = 'spooled' AND new.unsent = 0)
    WHERE id = new.lot_id; END;
CREATE TRIGGER document_changed AFTER UPDATE OF state, unsent ON documents BEGIN
    UPDATE lots SET
    answered = answered + (new.state = 'acknowledged') - (old.state = 'acknowledged'),
    refused = refused + (new.state = 'set_aside') - (old.state = 'set_aside'),
    sent = sent + (new.state = 'acknowledged' OR new.state = 'spooled' AND new.unsent = 0)
        - (old.state = 'acknowledged' OR old.state = 'spooled' AND old.unsent = 0)
    WHERE id = new.lot_id; END;
CREATE TRIGGER document_gone AFTER DELETE ON documents BEGIN
    UPDATE lots SET documents = documents - 1, answers = answers - (old.rescan_id <> ''),
    answered = answered - (old.state = 'acknowledged'),
    refused = refused - (old.state = 'set_aside'),
    sent = sent - (old.state = 'acknowledged' OR old.state = 'spooled' AND old.unsent = 0)
    WHERE id = old.lot_id; END;
CREATE TRIGGER bytes_needed AFTER INSERT ON document_blobs BEGIN
    UPDATE documents SET unsent = unsent + 1 WHERE id = new.document_id
    AND EXISTS (SELECT 1 FROM blobs WHERE sha256 = new.sha256 AND NOT acknowledged); END;
CREATE TRIGGER bytes_no_more_needed AFTER DELETE ON document_blobs BEGIN
    UPDATE documents SET unsent = unsent - 1 WHERE id = old.document_id
    AND EXISTS (SELECT 1 FROM blobs WHERE sha256 = old.sha256 AND NOT acknowledged); END;
CREATE TRIGGER bytes_answered AFTER UPDATE OF acknowledged ON blobs
    WHEN old.acknowledged <> new.acknowledged BEGIN
    UPDATE documents SET unsent = unsent + old.acknowledged - new.acknowledged
    WHERE id IN (SELECT document_id FROM document_blobs WHERE sha256 = new.sha256); END;
CREATE TRIGGER file_listed AFTER INSERT ON lot_files WHEN new.kind = 'pages' BEGIN
    UPDATE lots SET files = files + 1 WHERE id = new.lot_id; END;
CREATE TRIGGER file_gone AFTER DELETE ON lot_files WHEN old.kind = 'pages' BEGIN
    UPDATE lots SET files = files - 1 WHERE id = old.lot_id; END;
CREATE TRIGGER put_aside AFTER INSERT ON set_aside BEGIN
    UPDATE lots SET asides = asides + (NOT new.discarded) WHERE id = new.lot_id; END;
CREATE TRIGGER given_up AFTER UPDATE OF discarded ON set_aside BEGIN
    UPDATE lots SET asides = asides + old.discarded - new.discarded WHERE id = new.lot_id; END;
CREATE TRIGGER aside_gone AFTER DELETE ON set_aside BEGIN
    UPDATE lots SET asides = asides - (NOT old.discarded) WHERE id = old.lot_id; END;
CREATE TRIGGER rescan_asked AFTER INSERT ON rescans BEGIN
    UPDATE lots SET wanted = wanted + (new.state = 'open')
    WHERE id = (SELECT lot_id FROM documents WHERE id = new.document_id); END;
CREATE TRIGGER rescan_changed AFTER UPDATE OF state ON rescans BEGIN
    UPDATE lots SET wanted = wanted + (new.state = 'open') - (old.state = 'open')
    WHERE id = (SELECT lot_id FROM documents WHERE id = new.document_id); END;
CREATE TRIGGER rescan_forgotten AFTER DELETE ON rescans BEGIN
    UPDATE lots SET wanted = wanted - (old.state = 'open')
    WHERE id = (SELECT lot_id FROM documents WHERE id = old.document_id); END;
""",
    4: """
ALTER TABLE lots ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE lots ADD COLUMN doubt TEXT NOT NULL DEFAULT '';
ALTER TABLE lots ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lot_files ADD COLUMN place INTEGER;
ALTER TABLE lot_files ADD COLUMN continues TEXT;
CREATE TABLE copied (
    source TEXT NOT NULL, origin BLOB NOT NULL, lot_id TEXT NOT NULL, sha256 TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, stays TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (source, origin)
) STRICT, WITHOUT ROWID;
""",
    5: """
ALTER TABLE rescans ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rescans ADD COLUMN type_title TEXT NOT NULL DEFAULT '';
ALTER TABLE rescans ADD COLUMN page INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rescans ADD COLUMN pages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rescans ADD COLUMN picture BLOB NOT NULL DEFAULT x'';
""",
}


def identity(connection: sqlite3.Connection) -> tuple[int, int]:
    """The version of a journal's tables and the program that made it."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return int(version), int(connection.execute("PRAGMA application_id").fetchone()[0])


def committed(connection: sqlite3.Connection, version: int) -> int:
    """How many transactions a journal of a version says that it holds."""
    if version < FIRST_COUNTED:
        return 0
    return int(connection.execute("SELECT committed FROM tally").fetchone()[0])


def make(t: sqlite3.Connection) -> None:
    """Give an empty file all tables, inside a transaction."""
    _run(t, TABLES)
    t.execute(f"PRAGMA application_id={APPLICATION_ID}")
    bring_up_to_date(t, 1)


def bring_up_to_date(t: sqlite3.Connection, found: int) -> None:
    """Go through all versions from one found to ours, inside a transaction."""
    for step in range(found, VERSION):
        _run(t, _MIGRATIONS[step])
    t.execute(f"PRAGMA user_version={VERSION}")


def _run(t: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script inside the transaction (``executescript`` would end it)."""
    for statement in script.split(";\n"):
        t.execute(statement)
