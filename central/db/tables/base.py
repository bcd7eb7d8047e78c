"""What every table of the centre shares: names of constraints, kinds of columns."""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, MetaData, Uuid, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A column of text that holds one of these codes."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def at(
    name: str,
    *,
    nullable: bool = False,
    now: bool = False,
    primary_key: bool = False,
    comment: str | None = None,
) -> Column[object]:
    """A moment, with its time zone."""
    default = func.now() if now else None
    return Column(
        name,
        DateTime(timezone=True),
        nullable=nullable,
        server_default=default,
        primary_key=primary_key,
        comment=comment,
    )


def document(*, primary_key: bool = False) -> Column[object]:
    """The document that a row is about."""
    return Column(
        "document_id", Uuid, ForeignKey("documents.id"), primary_key=primary_key, nullable=False
    )
