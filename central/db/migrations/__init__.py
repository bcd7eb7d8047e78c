"""Alembic's scripts: additive, and the previous release runs on the newer schema."""
