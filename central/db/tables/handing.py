"""What was handed to pôle applications, by round."""

from sqlalchemy import Column, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from central.db.tables.base import at, document, metadata

handed_over = Table(
    "handed_over",
    metadata,
    document(primary_key=True),
    Column("destination", Text, primary_key=True),
    Column("round", SmallInteger, primary_key=True),
    Column("idempotency_key", Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False, comment="of all that its package tells"),
    Column("parts", JSONB, nullable=False, comment="a short salted digest of each part, no values"),
    at("handed_at", now=True),
    comment="Which content an idempotency key stands for, written before it is handed over",
)
