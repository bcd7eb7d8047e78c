"""How the commands of ``vaguemestre-edge`` are added to its parser."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

Command = Callable[[argparse.Namespace, Console], int]


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    command: Command,
    *,
    has_config: bool = True,
) -> argparse.ArgumentParser:
    """Add a command.

    Args:
        commands: Those of the program.
        name: As it is typed.
        text: What it does, in French.
        command: Runs it with its parsed arguments and returns the exit code.
        has_config: It takes the station's settings file.

    Returns:
        Its own parser, for more arguments.
    """
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    if has_config:
        parser.add_argument("--config", type=Path, required=True, help="fichier de la station")
    return parser
