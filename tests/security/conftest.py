"""The fixtures of the database: what is attacked here is real."""

from tests.integration.conftest import database_url, engine, postgres, pytest_generate_tests

__all__ = ["database_url", "engine", "postgres", "pytest_generate_tests"]
