"""What people need: accounts, work on documents, holds, changes of the plan, flow.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATES = ("ready", "to_name", "to_key", "to_rescan", "delivered", "dead", "discarded")
_ROLES = ("front", "back", "attachment", "blank", "separator", "replaced")


def upgrade() -> None:
    """Create the tables of people and operations, and add what they need to the others."""
    _create_tables()
    _alter_tables()
    _replace_check("documents", "state", _STATES)
    _replace_check("pages", "role", _ROLES)
    _replace_check("fields", "source", ("machine", "person"), is_new=True)
    _replace_check("fields", "reason", ("illegible", "absent", "wrong_on_paper"), is_new=True)


def _replace_check(
    table: str, column: str, values: tuple[str, ...], *, is_new: bool = False
) -> None:
    name = op.f(f"ck_{table}_{column}")
    if not is_new:
        op.drop_constraint(name, table, type_="check")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _create_tables() -> None:
    op.create_table(
        "flow",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("pole", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column(
            "received", sa.Integer(), server_default="0", nullable=False, comment="documents"
        ),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("straight", sa.Integer(), server_default="0", nullable=False),
        sa.Column("to_name", sa.Integer(), server_default="0", nullable=False),
        sa.Column("to_key", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "delivered", sa.Integer(), server_default="0", nullable=False, comment="in that hour"
        ),
        sa.Column(
            "delivered_late",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="after due_on",
        ),
        sa.Column("named", sa.Integer(), server_default="0", nullable=False, comment="by people"),
        sa.Column(
            "keyed",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="documents, by people",
        ),
        sa.Column("returned", sa.Integer(), server_default="0", nullable=False, comment="by pôles"),
        sa.PrimaryKeyConstraint("hour", "site", "pole", "type", name=op.f("pk_flow")),
        comment="Counts by the hour, made from the other tables; may be made again from them",
    )
    op.create_index("ix_flow_site", "flow", ["site", "hour"], unique=False)
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False, comment="login"),
        sa.Column(
            "held_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('destination', 'type', 'site')", name=op.f("ck_holds_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        comment="Deliveries that wait because somebody said so",
    )
    op.create_index(
        "uq_holds_open",
        "holds",
        ["kind", "value"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="lower case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "password_hash",
            sa.Text(),
            nullable=True,
            comment="argon2; null: signs in through the identity provider",
        ),
        sa.Column("must_change_password", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "totp_secret", sa.Text(), nullable=True, comment="base32; null: no second factor"
        ),
        sa.Column(
            "totp_last_step",
            sa.BigInteger(),
            nullable=True,
            comment="of the last code taken: none is taken twice",
        ),
        sa.Column("oidc_issuer", sa.Text(), nullable=True),
        sa.Column("oidc_subject", sa.Text(), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "sites",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="empty: all",
        ),
        sa.Column(
            "poles",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="empty: all",
        ),
        sa.Column(
            "skills",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="types of documents that come to this person; empty: all",
        ),
        sa.Column("team", sa.Text(), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_people_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
        comment="Local accounts, and people that the identity provider has vouched for",
    )
    op.create_index(
        "uq_people_oidc",
        "people",
        ["oidc_issuer", "oidc_subject"],
        unique=True,
        postgresql_where=sa.text("oidc_subject IS NOT NULL"),
    )
    op.create_table(
        "plan_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="of documents"),
        sa.Column(
            "fund", sa.Text(), server_default="", nullable=False, comment="empty: every fund"
        ),
        sa.Column(
            "changes", JSONB(), nullable=False, comment="pole, destination, delay_days; as the plan"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "proposed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'applied', 'refused', 'undone')",
            name=op.f("ck_plan_changes_state"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["people.id"], name=op.f("fk_plan_changes_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["people.id"], name=op.f("fk_plan_changes_proposed_by")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["people.id"], name=op.f("fk_plan_changes_undone_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
        comment="Changes of the plan on top of plan.toml; two people each",
    )
    op.create_index("ix_plan_changes_state", "plan_changes", ["state", "proposed_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column(
            "token_sha256", sa.LargeBinary(), nullable=False, comment="the token itself is nowhere"
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "id_token",
            sa.Text(),
            nullable=True,
            comment="the provider's, to sign out there; null: local",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("method IN ('local', 'oidc')", name=op.f("ck_sessions_method")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sessions")),
        comment="Signed-in browsers",
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], unique=False)
    op.create_table(
        "sign_in_steps",
        sa.Column(
            "token_sha256", sa.LargeBinary(), nullable=False, comment="the browser has the token"
        ),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("content", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('code', 'provider', 'enrolment')", name=op.f("ck_sign_in_steps_step")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sign_in_steps_person_id")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sign_in_steps")),
        comment="What was begun and not finished: a code or the provider's answer is awaited",
    )
    op.create_index("ix_sign_in_steps_expires_at", "sign_in_steps", ["expires_at"], unique=False)
    op.create_table(
        "controls",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column(
            "drawn_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("keyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fields", sa.Integer(), server_default="0", nullable=False, comment="compared"),
        sa.Column("machine_wrong", sa.Integer(), server_default="0", nullable=False),
        sa.Column("person_wrong", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "cause IN ('sample', 'new_form', 'first_weeks')", name=op.f("ck_controls_cause")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'disputed', 'done')", name=op.f("ck_controls_state")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_controls_document_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_controls_person_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_controls")),
        comment="Straight-through documents, keyed blind to measure what the machine misses",
    )
    op.create_index("ix_controls_done_at", "controls", ["done_at"], unique=False)
    op.create_index("ix_controls_state", "controls", ["state", "drawn_at"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("content", JSONB(), nullable=False, comment="what was typed and not sent yet"),
        sa.Column(
            "saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("queue IN ('name', 'key', 'control')", name=op.f("ck_drafts_queue")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_drafts_document_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_drafts_person_id")),
        sa.PrimaryKeyConstraint("document_id", "person_id", name=op.f("pk_drafts")),
        comment="So that a reload, a cut or a restart loses nothing typed",
    )
    op.create_table(
        "keyings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="of the field in its document"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pass", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True, comment="null: the reason says why"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("machine_value", sa.Text(), nullable=True, comment="what the edge had read"),
        sa.Column("machine_confidence", sa.Float(), nullable=True),
        sa.Column("machine_accepted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True, comment="from shown to sent"),
        sa.Column(
            "keyed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "pass IN ('first', 'second', 'arbitration', 'control', 'control_arbitration')",
            name=op.f("ck_keyings_pass"),
        ),
        sa.CheckConstraint(
            "reason IN ('illegible', 'absent', 'wrong_on_paper')", name=op.f("ck_keyings_reason")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_keyings_document_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_keyings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyings")),
        comment="Everything that a person keyed, once, never changed; personal data",
    )
    op.create_index("ix_keyings_document_id", "keyings", ["document_id", "position"], unique=False)
    op.create_index("ix_keyings_keyed_at", "keyings", ["keyed_at"], unique=False)
    op.create_index("ix_keyings_person_id", "keyings", ["person_id", "keyed_at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "taken_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "is_ahead",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="loaded but not shown yet: goes to whoever has nothing to do",
        ),
        sa.CheckConstraint("queue IN ('name', 'key', 'control')", name=op.f("ck_leases_queue")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_leases_document_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_leases_person_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_leases")),
        comment="Who works on what; at most one person a document",
    )
    op.create_index("ix_leases_lease_until", "leases", ["lease_until"], unique=False)
    op.create_index("ix_leases_person_id", "leases", ["person_id"], unique=False)
    op.create_table(
        "namings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False, comment="named, split, joined, turned, ..."),
        sa.Column("type_before", sa.Text(), nullable=False),
        sa.Column("type_after", sa.Text(), nullable=False),
        sa.Column("detail", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True, comment="from shown to sent"),
        sa.Column(
            "named_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_namings_document_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_namings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_namings")),
        comment="What people decided about documents' types and pages, never changed",
    )
    op.create_index("ix_namings_document_id", "namings", ["document_id"], unique=False)
    op.create_index("ix_namings_named_at", "namings", ["named_at"], unique=False)
    op.create_index("ix_namings_person_id", "namings", ["person_id", "named_at"], unique=False)
    op.create_table(
        "plan_change_documents",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column(
            "before", JSONB(), nullable=False, comment="pole, destination, due_on: for undoing"
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["plan_changes.id"], name=op.f("fk_plan_change_documents_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_plan_change_documents_document_id")
        ),
        sa.PrimaryKeyConstraint("change_id", "document_id", name=op.f("pk_plan_change_documents")),
        comment="Waiting documents that a change has moved",
    )
    op.create_table(
        "rescans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("lot_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="French, for the operator"),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answer", sa.Text(), server_default="", nullable=False, comment="why it is impossible"
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'told', 'answered', 'impossible', 'withdrawn')",
            name=op.f("ck_rescans_state"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_rescans_document_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_rescans_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescans")),
        comment="Documents to scan again; the answer joins the same document",
    )
    op.create_index("ix_rescans_document_id", "rescans", ["document_id"], unique=False)
    op.create_index(
        "ix_rescans_open",
        "rescans",
        ["site", "station"],
        unique=False,
        postgresql_where=sa.text("state IN ('asked', 'told')"),
    )
    op.create_table(
        "straight_types",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("type", name=op.f("pk_straight_types")),
        comment="Since when documents of a type go through without a person",
    )
    op.execute(
        "INSERT INTO straight_types (type, since) "
        "SELECT type, min(stored_at) FROM documents WHERE route = 'straight' GROUP BY type"
    )


def _alter_tables() -> None:
    op.create_index("ix_audit_action", "audit", ["action", "at"], unique=False)
    op.create_index("ix_audit_actor", "audit", ["actor", "at"], unique=False)
    op.create_index("ix_deliveries_delivered_at", "deliveries", ["delivered_at"], unique=False)
    op.create_index(
        "ix_deliveries_stuck",
        "deliveries",
        ["created_at", "document_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('dead', 'held')"),
    )
    op.create_index(
        "ix_deliveries_unfinished",
        "deliveries",
        ["destination", "state", "created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'claimed', 'held', 'dead')"),
    )
    op.create_index("ix_lots_received_at", "lots", ["received_at", "id"], unique=False)
    op.create_index(
        "ix_lots_name",
        "lots",
        ["name"],
        unique=False,
        postgresql_ops={"name": "text_pattern_ops"},
    )
    op.create_index(
        "ix_lots_arriving",
        "lots",
        ["site", "received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'arriving'"),
    )
    op.add_column(
        "documents",
        sa.Column(
            "split_from", sa.Uuid(), nullable=True, comment="the document that a person cut it off"
        ),
    )
    op.add_column(
        "documents",
        sa.Column(
            "joined_into",
            sa.Uuid(),
            nullable=True,
            comment="the document that a person joined it to, or it answers",
        ),
    )
    op.add_column(
        "documents",
        sa.Column(
            "key_pass",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="1, 2; 3: arbitration",
        ),
    )
    op.alter_column(
        "documents",
        "page_count",
        existing_type=sa.INTEGER(),
        comment="as the station sent it; 0: made by people",
        existing_nullable=False,
    )
    op.create_index(
        "ix_documents_due_on",
        "documents",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('delivered', 'discarded')"),
    )
    op.create_index("ix_documents_stored_at", "documents", ["stored_at"], unique=False)
    for first in ([], ["site"], ["type"], ["pole", "type"]):
        name = "_".join(["ix_documents", *first, "received_on"])
        op.create_index(name, "documents", [*first, "received_on", "id"], unique=False)
    op.create_index(
        "ix_documents_work",
        "documents",
        ["state", sa.literal_column("priority DESC"), "due_on", "stored_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('to_name', 'to_key')"),
    )
    op.add_column(
        "fields", sa.Column("source", sa.Text(), server_default="machine", nullable=False)
    )
    op.add_column(
        "fields",
        sa.Column("reason", sa.Text(), nullable=True, comment="why a person left it empty"),
    )
    op.create_index(
        "ix_fields_nir",
        "fields",
        ["value"],
        unique=False,
        postgresql_where=sa.text("name IN ('nir', 'insured_nir')"),
    )
    op.add_column(
        "stations",
        sa.Column(
            "rated_pages_per_minute",
            sa.Float(),
            server_default="0",
            nullable=False,
            comment="of its scanner, from its settings; 0: not told",
        ),
    )
    op.add_column(
        "stations", sa.Column("certificate_until", sa.DateTime(timezone=True), nullable=True)
    )
