"""The centre: takes documents in from the stations and hands them to the pôle applications."""

from importlib import metadata


def version() -> str:
    """The program's version, as stations are told and packages carry."""
    return metadata.version("vaguemestre")
