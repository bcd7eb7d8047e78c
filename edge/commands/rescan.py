"""``vaguemestre-edge rescan``: answer a request of the centre to scan a document again."""

import sys
from pathlib import Path

from rich.console import Console

from edge import sheets
from edge.commands.visit import visited
from edge.config import EdgeConfig
from edge.page import questions, words
from edge.spool.values import Rescan


def rescan(
    config: EdgeConfig,
    code: str,
    console: Console,
    *,
    output: Path | None = None,
    impossible: str | None = None,
) -> int:
    """Show a request, print its sheet, or say that it cannot be met.

    Args:
        config: The station's settings.
        code: Of the request, or its id.
        console: Where to say so.
        output: A PDF to write the sheet to.
        impossible: Why the document cannot be scanned again.

    Returns:
        1 when there is no such request or the sheet cannot be written, 2 for a wrong reason.
    """
    with visited(config) as spool:
        asked = code.upper().removeprefix("RESCAN-")
        found = [one for one in spool.rescans() if asked in (one.code, one.rescan_id.upper())]
        one = found[0] if len(found) == 1 and found[0].rescan_id else None
        if one is None:
            console.print(f"Aucune demande ouverte « {code} ».")
            return 1
        if impossible is not None:
            most, reason = questions.MAX_REASON, impossible.strip()
            if not questions.is_reason(reason):
                print(
                    f"--impossible attend une raison de {most} caractères au plus.", file=sys.stderr
                )
                return 2
            if not spool.rescan_impossible(one.rescan_id, reason):
                console.print(f"La demande {one.code} n'est plus ouverte.")
                return 1
            console.print(f"Demande {one.code} : le centre en sera informé.")
            return 0
    if output is not None:
        return _print(one, output, console)
    console.print(f"Demande {one.code} : {one.reason}")
    if sheet := words.sheet_of(one):
        console.print(f"À retrouver : {sheet}.")
    console.print(f"Lot d'origine : {one.lot_name}. {words.standing_of(one)}")
    return 0


def _print(one: Rescan, output: Path, console: Console) -> int:
    try:
        output.write_bytes(sheets.rescan_sheet_pdf(one))
    except OSError as error:
        print(f"{output} n'a pas pu être écrit : {error.strerror}.", file=sys.stderr)
        return 1
    console.print(f"{output} est prêt à imprimer.")
    return 0
