"""``vaguemestre-edge separators``: header and separator sheets, ready to print."""

import argparse
import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from edge import sheets
from edge.cli.arguments import add_command
from edge.pack import load_pack
from vaguemestre import pack
from vaguemestre.model.lot import LotHeader


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    text = "imprime des feuilles d'en-tête et de séparation"
    parser = add_command(commands, "separators", text, _run, has_config=False)
    parser.add_argument("--output", type=Path, required=True, help="PDF à écrire")
    parser.add_argument("--count", type=int, default=0, help="nombre de feuilles de séparation")
    parser.add_argument("--header", action="store_true", help="ajoute une feuille d'en-tête de lot")
    parser.add_argument("--lot", default="", help="nom du lot, imprimé sur l'en-tête")
    parser.add_argument("--process", default="", help="FSP, DMT, ETRANGER ou AUTRE")
    parser.add_argument("--fund", default="", help="département de la caisse")
    parser.add_argument("--received-on", default="", help="date de réception, AAAA-MM-JJ")
    parser.add_argument("--expected-type", default="", help="type de document attendu")
    parser.add_argument("--expected-documents", type=int, help="nombre de documents attendus")
    parser.add_argument("--pages-each", type=int, help="pages par document")
    parser.add_argument("--urgent", action="store_true")
    parser.add_argument("--original-seen", action="store_true", help="original vu par l'opérateur")


def _run(options: argparse.Namespace, console: Console) -> int:
    """Write the sheets as one PDF; 2 when what was asked for cannot be printed."""
    problems = [*_problems(options)]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 2
    pdf: list[bytes] = []
    try:
        if options.header:
            pdf.append(sheets.header_sheet_pdf(_header(options), options.lot))
        if options.count:
            pdf.append(sheets.separator_sheets_pdf(options.count))
        options.output.write_bytes(sheets.join(pdf))
    except ValueError as error:
        print(f"Une valeur ne peut pas être imprimée : {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{options.output} n'a pas pu être écrit : {error.strerror}.", file=sys.stderr)
        return 1
    console.print(f"{options.output} est prêt à imprimer.", markup=False)
    return 0


def _problems(options: argparse.Namespace) -> list[str]:
    found = []
    if not options.header and not options.count:
        found.append("Demandez --header, --count ou les deux.")
    if not 0 <= options.count <= sheets.MOST_SHEETS:
        found.append(f"--count va de 1 à {sheets.MOST_SHEETS}.")
    if options.process and options.process not in sheets.PROCESSES:
        found.append(f"--process attend {', '.join(sheets.PROCESSES)}.")
    if options.received_on:
        try:
            dt.date.fromisoformat(options.received_on)
        except ValueError:
            found.append("--received-on attend une date AAAA-MM-JJ.")
    types = load_pack(pack.default_dir()).plan.types
    if options.expected_type and options.expected_type not in types:
        found.append(f"--expected-type attend l'un de : {', '.join(sorted(types))}.")
    for name in ("expected_documents", "pages_each"):
        value = getattr(options, name)
        if value is not None and value < 1:
            found.append(f"--{name.replace('_', '-')} doit être au moins 1.")
    return found


def _header(options: argparse.Namespace) -> LotHeader:
    day = options.received_on
    return LotHeader(
        process=options.process,
        fund=options.fund,
        received_on=dt.date.fromisoformat(day) if day else None,
        expected_type=options.expected_type,
        expected_documents=options.expected_documents,
        pages_each=options.pages_each,
        priority=int(options.urgent),
        original_seen=options.original_seen,
    )
