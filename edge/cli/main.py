"""``vaguemestre-edge``: parses the command line and runs one command.

Messages for people are French. Exit codes: 0 done, 2 wrong arguments or settings, 130 interrupted,
else the error's own (edge/errors.py).
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from edge.cli import enrol, read, separators, station, status
from edge.cli.arguments import Command
from edge.errors import EdgeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    options = build_parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options, Console(markup=False))
    except EdgeError as error:
        print(error.reason, file=sys.stderr)
        if str(error) != error.reason:
            print(str(error), file=sys.stderr)
        if error.hint:
            print(error.hint, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; ``command`` of what it parses runs the one that was asked for."""
    parser = argparse.ArgumentParser(
        prog="vaguemestre-edge", description="Station de numérisation de Vaguemestre."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMANDE")
    station.add_run(commands)
    read.add_to(commands)
    status.add_to(commands)
    station.add_rescan(commands)
    enrol.add_to(commands)
    separators.add_to(commands)
    station.add_lot_commands(commands)
    station.add_checks(commands)
    return parser
