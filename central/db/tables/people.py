"""Who may sign in, as what, and who is signed in."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.db.tables.base import at, metadata, one_of

METHODS = ("local", "oidc")
STEPS = ("code", "provider", "enrolment")

people = Table(
    "people",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("login", Text, nullable=False, unique=True, comment="lower case"),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, comment="argon2; null: signs in through the identity provider"),
    Column("must_change_password", Boolean, nullable=False, server_default="false"),
    Column("totp_secret", Text, comment="base32; null: no second factor"),
    Column("totp_last_step", BigInteger, comment="of the last code taken: none is taken twice"),
    Column("oidc_issuer", Text),
    Column("oidc_subject", Text),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("sites", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="*: all"),
    Column("poles", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="*: all"),
    Column(
        "skills",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="types of documents that come to this person; empty: all",
    ),
    Column("team", Text, nullable=False, server_default=""),
    Column(
        "letters",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="of commands, where they chose others than usual",
    ),
    Column("is_active", Boolean, nullable=False, server_default="true"),
    Column("failures", Integer, nullable=False, server_default="0", comment="0.3.0 alone"),
    at("locked_until", nullable=True),
    at("created_at", now=True),
    at("signed_in_at", nullable=True),
    CheckConstraint("login = lower(login)", name="login"),
    Index(
        "uq_people_oidc",
        "oidc_issuer",
        "oidc_subject",
        unique=True,
        postgresql_where=text("oidc_subject IS NOT NULL"),
    ),
    comment="Local accounts, and people that the identity provider has vouched for",
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("login", Text, primary_key=True, comment="as it was typed, in lower case"),
    Column("address", Text, primary_key=True),
    Column("failures", Integer, nullable=False, comment="in a row; counted before they are seen"),
    at("tried_at", now=True),
    at("locked_until", nullable=True),
    Index("ix_sign_in_tries_tried_at", "tried_at"),
    comment="Wrong passwords and codes: who guesses waits, the account's owner elsewhere does not",
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True, comment="the token itself is nowhere"),
    Column("person_id", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("id_token", Text, comment="the provider's, to sign out there; null: local"),
    at("created_at", now=True),
    at("seen_at", now=True),
    at("expires_at"),
    one_of("method", METHODS),
    Index("ix_sessions_person_id", "person_id"),
    Index("ix_sessions_expires_at", "expires_at"),
    comment="Signed-in browsers",
)

sign_in_steps = Table(
    "sign_in_steps",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True, comment="the browser has the token"),
    Column("step", Text, nullable=False),
    Column("person_id", BigInteger, ForeignKey("people.id")),
    Column("content", JSONB, nullable=False, server_default=text("'{}'")),
    at("expires_at"),
    one_of("step", STEPS),
    Index("ix_sign_in_steps_expires_at", "expires_at"),
    comment="What was begun and not finished: a code or the provider's answer is awaited",
)
