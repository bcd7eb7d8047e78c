"""Golden files: where they lie, and what differs, line by line."""

import difflib
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def read(name: str) -> str:
    """What an earlier program wrote."""
    return (FOLDER / name).read_text("utf-8")


def write(name: str, text: str) -> None:
    """Renew a file; the package's docstring says when."""
    (FOLDER / name).write_text(text, "utf-8")


def lines(found: Iterable[str]) -> str:
    """A list as a file holds it: sorted, each line once."""
    return "".join(f"{line}\n" for line in sorted(set(found)))


def differences(name: str, now: str) -> str:
    """What a file says otherwise than the present program: ``-`` was promised, ``+`` is new.

    Empty when they agree.
    """
    changed = difflib.unified_diff(
        read(name).splitlines(), now.splitlines(), f"golden/{name}", "the present program", "", "",
        lineterm="", n=0,
    )  # fmt: skip
    return "\n".join(line for line in changed if not line.startswith("@@"))
