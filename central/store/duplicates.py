"""Documents that show an image that another document shows already: probably the same mail twice.

A station knows its own files only. The same bytes may come from two stations, or from one that
was set up anew and gives them other ids; a person decides which of the documents stands.
"""

import uuid

import sqlalchemy as sa

from central.domain.incoming import IncomingDocument
from central.store.tables import documents, pages

REASON = "probable_duplicate"
"""As stations tell it: mark of the document, and why it waits for a person."""

_NO_CONTENT = ("blank", "separator", "replaced")
_LOCKS = 0x7661_6776  # first key of the advisory locks; no other of ours has this number
_BUCKETS = 1_024  # locks that one document takes at most, of some thousands that a server has
_c, _p = documents.c, pages.c


def find(connection: sa.Connection, document: IncomingDocument) -> uuid.UUID | None:
    """Find another document, not given up, that shows one of a document's images.

    Of two that come at the same moment the second one waits for the first to be committed, and
    then sees it.
    """
    shown = sorted(
        {
            (page.ref.sha256, page.ref.index)
            for page in document.pages
            if page.role not in _NO_CONTENT
        }
    )
    if not shown:
        return None
    _lock(connection, {sha256 for sha256, _ in shown})
    query = (
        sa.select(_p.document_id)
        .join(documents, _c.id == _p.document_id)
        .where(
            _p.sha256.in_({sha256 for sha256, _ in shown}),
            sa.tuple_(_p.sha256, _p.file_index).in_(shown),
            _p.role.not_in(_NO_CONTENT),
            _p.document_id != document.id,
            _c.state != "discarded",
        )
        .order_by(_p.document_id)
        .limit(1)
    )
    return connection.scalar(query)


def _lock(connection: sa.Connection, digests: set[bytes]) -> None:
    """Keep others from storing the same images until the end of the transaction."""
    for bucket in sorted({int.from_bytes(sha256[:4]) % _BUCKETS for sha256 in digests}):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, bucket)))
