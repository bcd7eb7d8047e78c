"""``vaguemestre-edge``: the station's command line.

Messages for people are French. Exit codes: 0 done, 2 wrong arguments or settings, 130 interrupted,
else the error's own (edge/errors.py).
"""

import argparse
import datetime as dt
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from edge import cli
from edge.cli import report
from edge.config import load
from edge.errors import EdgeError
from edge.pipeline.workers.confinement import no_memory_image

Command = Callable[[argparse.Namespace, Console], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    options = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vaguemestre-edge", description="Station de numérisation de Vaguemestre."
    )
    commands_of = parser.add_subparsers(required=True, metavar="COMMANDE")

    def add(
        name: str, text: str, command: Command, *, config: bool = True
    ) -> argparse.ArgumentParser:
        sub = commands_of.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        if config:
            sub.add_argument("--config", type=Path, required=True, help="fichier de la station")
        return sub

    add("run", "surveille les dossiers, lit et envoie", _run)
    read = add("read", "lit des fichiers sans le centre", _read, config=False)
    read.add_argument("paths", type=Path, nargs="+", metavar="CHEMIN", help="fichier ou dossier")
    read.add_argument("--json", action="store_true", help="réponse en JSON (docs/read.schema.json)")
    read.add_argument("--workers", type=int, default=2, help="processus de lecture")
    read.add_argument("--fund", default="17", help="département de la caisse")
    read.add_argument(
        "--separator-barcode",
        action="append",
        default=[],
        metavar="TEXTE",
        help="code-barres qui sépare les documents ; * et ? comme dans les noms de fichiers",
    )
    read.add_argument(
        "--duplex",
        action="store_true",
        help="recto et verso de chaque feuille se suivent, comme pour un dossier duplex = true",
    )
    status = add("status", "montre les lots et les envois", _status)
    how = status.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true")
    how.add_argument("--watch", action="store_true", help="tient l'écran à jour ; Ctrl-C quitte")
    again = add("rescan", "répond à une demande de numériser de nouveau", _rescan)
    again.add_argument("code", help="code ou identifiant de la demande")
    answer = again.add_mutually_exclusive_group()
    answer.add_argument("--output", type=Path, help="PDF où écrire la feuille à numériser")
    answer.add_argument("--impossible", metavar="RAISON", help="pourquoi ce n'est pas possible")
    enrol = add("enrol", "apprend un formulaire sur un à cinq exemples", _enrol, config=False)
    enrol.add_argument("type", metavar="TYPE", help="nom du nouveau type, par exemple S3501")
    enrol.add_argument(
        "samples",
        type=Path,
        nargs="+",
        metavar="EXEMPLE",
        help="image ou PDF, vierge de préférence",
    )
    enrol.add_argument("--page", type=int, default=1, help="page à apprendre dans chaque fichier")
    enrol.add_argument("--output", type=Path, help="dossier où écrire, au lieu des formulaires")
    how = enrol.add_mutually_exclusive_group()
    how.add_argument("--force", action="store_true", help="remplace un apprentissage antérieur")
    how.add_argument(
        "--blanks",
        action="store_true",
        help="mesure, sur des feuilles vierges d'un formulaire connu, ce qui entoure ses cases",
    )
    sheets = add(
        "separators", "imprime des feuilles d'en-tête et de séparation", _separators, config=False
    )
    _sheet_options(sheets)
    close = add("close", "clôture un lot incomplet", _close)
    close.add_argument("lot", help="nom ou identifiant du lot")
    replay = add("replay", "renvoie des documents, ou relit un lot écarté", _replay)
    what = replay.add_mutually_exclusive_group(required=True)
    what.add_argument("id", nargs="?", help="identifiant du document ou du lot")
    what.add_argument(
        "--since",
        type=dt.date.fromisoformat,
        metavar="AAAA-MM-JJ",
        help="tout ce qui a été reçu depuis ce jour, après une restauration du centre",
    )
    discard = add("discard", "abandonne ce qui a été écarté d'un lot", _discard)
    discard.add_argument("lot", help="nom ou identifiant du lot")
    add("check-config", "vérifie le fichier de configuration", _check_config)
    add("doctor", "examine l'environnement de la station", _doctor)
    return parser


def _sheet_options(sheets: argparse.ArgumentParser) -> None:
    sheets.add_argument("--output", type=Path, required=True, help="PDF à écrire")
    sheets.add_argument("--count", type=int, default=0, help="nombre de feuilles de séparation")
    sheets.add_argument("--header", action="store_true", help="ajoute une feuille d'en-tête de lot")
    sheets.add_argument("--lot", default="", help="nom du lot, imprimé sur l'en-tête")
    sheets.add_argument("--process", default="", help="FSP, DMT, ETRANGER ou AUTRE")
    sheets.add_argument("--fund", default="", help="département de la caisse")
    sheets.add_argument("--received-on", default="", help="date de réception, AAAA-MM-JJ")
    sheets.add_argument("--expected-type", default="", help="type de document attendu")
    sheets.add_argument("--expected-documents", type=int, help="nombre de documents attendus")
    sheets.add_argument("--pages-each", type=int, help="pages par document")
    sheets.add_argument("--urgent", action="store_true")
    sheets.add_argument("--original-seen", action="store_true", help="original vu par l'opérateur")


def _run(options: argparse.Namespace, _: Console) -> int:
    no_memory_image()
    config = load(options.config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return cli.run(config, stop)


def _read(options: argparse.Namespace, console: Console) -> int:
    no_memory_image()
    if options.workers < 1:
        print("--workers doit être au moins 1.", file=sys.stderr)
        return 2
    for path in options.paths:
        if not os.path.lexists(path):
            print(f"{path} n'existe pas.", file=sys.stderr)
            return 2
    results = cli.read(
        options.paths,
        options.workers,
        options.fund,
        options.separator_barcode,
        duplex=options.duplex,
    )
    if options.json:
        # JSON is UTF-8 whatever the terminal's own encoding is.
        text = json.dumps(report.to_json(results), ensure_ascii=False, indent=1)
        sys.stdout.buffer.write(f"{text}\n".encode())
    else:
        console.print(*report.to_tables(results))
    return 0


def _enrol(options: argparse.Namespace, console: Console) -> int:
    if options.blanks:
        return cli.measure_blanks(
            options.type, options.samples, options.output, console, page=options.page
        )
    return cli.enrol(
        options.type,
        options.samples,
        options.output,
        console,
        page=options.page,
        force=options.force,
    )


def _rescan(options: argparse.Namespace, console: Console) -> int:
    config = load(options.config)
    return cli.rescan(
        config, options.code, console, output=options.output, impossible=options.impossible
    )


def _status(options: argparse.Namespace, console: Console) -> int:
    if options.watch:
        return cli.watch(load(options.config), console)
    return cli.status(load(options.config), console, as_json=options.json)


def _separators(options: argparse.Namespace, console: Console) -> int:
    return cli.separators(options, console)


def _close(options: argparse.Namespace, console: Console) -> int:
    return cli.close(load(options.config), options.lot, console)


def _replay(options: argparse.Namespace, console: Console) -> int:
    config = load(options.config)
    if options.since is not None:
        return cli.replay_since(config, options.since, console)
    return cli.replay(config, options.id, console)


def _discard(options: argparse.Namespace, console: Console) -> int:
    return cli.discard(load(options.config), options.lot, console)


def _check_config(options: argparse.Namespace, console: Console) -> int:
    load(options.config)
    console.print("La configuration est correcte.")
    return 0


def _doctor(options: argparse.Namespace, console: Console) -> int:
    return cli.examine(load(options.config), console)


if __name__ == "__main__":
    sys.exit(main())
