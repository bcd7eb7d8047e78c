"""Alembic runs this; the connection comes from ``central.db.migrate``."""

from alembic import context

from central.db.migrate import is_ours
from central.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=is_ours,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
