"""``vaguemestre-edge enrol``: learns a form from one to five samples, without training.

Writes two files side by side: ``TYPE.toml``, a definition that a person checks and edits, and
``TYPE.png``, the blank with its zones drawn in. Nothing is in force before the form is in the pack
and its type in the plan.
With ``--blanks`` it measures how a known form's blank sheets look around their tick boxes, and
writes that into the form's file.
"""

import argparse
import contextlib
import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from edge import config
from edge.classification.registration import Registration, register
from edge.cli.arguments import add_command
from edge.enrolment import blanks, form_file
from edge.enrolment.learn import LearnedForm, learn_form
from edge.errors import EnrolmentRefused, PackInvalid
from edge.imaging.source_file import Limits, PageImage
from edge.inference.engine import load_engine
from edge.ocr.engine import OcrEngine
from edge.pipeline.page import FormSample, read_sample
from edge.pipeline.workers import Checker
from edge.pipeline.workers.settings import default_settings, without_networks
from vaguemestre import pack
from vaguemestre.model import forms
from vaguemestre.model.forms import DefinitionInvalid, FormDefinition

_MOST_SAMPLES = 5
_MOST_BYTES = 60_000_000
_MOST_PIXELS = 40_000_000  # A4 at 600 dpi is 35 million
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,39}")
_REMARKS = (
    "Appris sur des exemples par « vaguemestre-edge enrol » : à vérifier avec l'image des zones.",
    "Noms, natures (kind) et cadres des champs sont des propositions. Une fois vérifiés, remplacez",
    'layout = "unverified" par "verified" : les champs seront lus dans leurs cadres.',
)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    text = "apprend un formulaire sur un à cinq exemples"
    parser = add_command(commands, "enrol", text, _run, has_config=False)
    parser.add_argument("type", metavar="TYPE", help="nom du nouveau type, par exemple S3501")
    parser.add_argument(
        "samples",
        type=Path,
        nargs="+",
        metavar="EXEMPLE",
        help="image ou PDF, vierge de préférence",
    )
    parser.add_argument("--page", type=int, default=1, help="page à apprendre dans chaque fichier")
    parser.add_argument("--output", type=Path, help="dossier où écrire, au lieu des formulaires")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--force", action="store_true", help="remplace un apprentissage antérieur")
    mode.add_argument(
        "--blanks",
        action="store_true",
        help="mesure, sur des feuilles vierges d'un formulaire connu, ce qui entoure ses cases",
    )


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.blanks:
        return measure_blanks(
            options.type, options.samples, options.output, console, page=options.page
        )
    return enrol(
        options.type,
        options.samples,
        options.output,
        console,
        page=options.page,
        force=options.force,
    )


def enrol(
    name: str,
    samples: Sequence[Path],
    output: Path | None,
    console: Console,
    *,
    page: int = 1,
    force: bool = False,
) -> int:
    """Learn a form and write its files.

    Args:
        name: The new type's name.
        samples: One to five images or PDFs.
        output: The folder to write to; the pack's forms when None.
        console: For what was learned.
        page: Which page of each file, from 1.
        force: Write over files of an earlier enrolment.

    Raises:
        EnrolmentRefused: wrong arguments, or samples that nothing can be learned from.
        ReadingError: a sample does not decode.
        PackInvalid: the networks do not load.
    """
    folder = output or pack.default_dir() / "forms"
    targets = {ending: folder / f"{name}.{ending}" for ending in ("toml", "png")}
    _check(name, samples, targets, force=force)
    read = _read_all(samples, page)
    learned = learn_form(name, read)
    if learned.form is None or learned.blank is None:
        raise EnrolmentRefused(learned.problem)
    toml = form_file.to_toml(learned.form, _REMARKS)
    picture = form_file.png(learned.blank, learned.dpi, learned.form)
    _write(folder, {
        targets["toml"]: toml.encode(),
        targets["png"]: picture,
    })  # fmt: skip
    _tell(console, learned, targets)
    return 0


def measure_blanks(
    name: str, sheets: Sequence[Path], output: Path | None, console: Console, *, page: int = 1
) -> int:
    """Measure a known form's blank sheets, one a printing, and write them into its file.

    Args:
        name: The form's type.
        sheets: One to five blank sheets, images or PDFs.
        output: The folder of the form's file; the pack's forms when None.
        console: For what was measured.
        page: Which page of each file, from 1.

    Raises:
        EnrolmentRefused: no such form, or sheets that show another or are not blank.
        ReadingError: a sheet does not decode.
        PackInvalid: the form or the networks do not load.
    """
    _check_count(sheets)
    target = (output or pack.default_dir() / "forms") / f"{name}.toml"
    if not _NAME.fullmatch(name) or not target.is_file():
        raise EnrolmentRefused(f"{target} n'existe pas : apprenez d'abord le formulaire.")
    text = target.read_text("utf-8")
    try:
        form = forms.parse_form(target.name, text)
    except DefinitionInvalid as error:
        raise PackInvalid(str(error)) from error
    read = _read_all(sheets, page)
    laid = [
        (sheet.gray, _laid(sheet, path, form)) for sheet, path in zip(read, sheets, strict=True)
    ]
    found = blanks.measured(form, laid)
    _write(target.parent, {target: blanks.written(target.name, text, found).encode()})
    console.print(f"{len(found)} cases à cocher, {len(sheets)} tirages : {target}", soft_wrap=True)
    return 0


def _laid(sheet: FormSample, path: Path, form: FormDefinition) -> Registration:
    where = register(sheet.gray, sheet.dpi, sheet.lines, form)
    if where is None:
        raise EnrolmentRefused(f"{path} ne se superpose pas au formulaire {form.type}.")
    return where


def _read_all(samples: Sequence[Path], number: int) -> list[FormSample]:
    with contextlib.ExitStack() as stack:
        cached = config.cache_dir(stack)
        checker = stack.enter_context(contextlib.closing(_checker(cached)))
        pages = [_decoded(path, number, checker) for path in samples]
        engine = load_engine(cached)
        return [_read(page, path, engine) for page, path in zip(pages, samples, strict=True)]


def _check_count(samples: Sequence[Path]) -> None:
    if not 1 <= len(samples) <= _MOST_SAMPLES:
        raise EnrolmentRefused(f"Donnez 1 à {_MOST_SAMPLES} exemples, pas {len(samples)}.")


def _check(name: str, samples: Sequence[Path], targets: dict[str, Path], *, force: bool) -> None:
    if not _NAME.fullmatch(name):
        raise EnrolmentRefused(
            "TYPE s'écrit en lettres sans accent, chiffres et « _ », 2 à 40, une lettre d'abord."
        )
    _check_count(samples)
    there = [path for path in targets.values() if path.exists()]
    if there and not force:
        raise EnrolmentRefused(
            f"{there[0]} existe déjà.", hint="Ajoutez --force pour le remplacer."
        )


def _checker(cache_dir: Path) -> Checker:
    """What opens the samples: they come from outside as any scan does."""
    limits = Limits(max_page_pixels=_MOST_PIXELS, max_pages=200, max_file_bytes=_MOST_BYTES)
    settings = dataclasses.replace(without_networks(default_settings(cache_dir)), limits=limits)
    return Checker(settings, settings.page_timeout_s)


def _decoded(path: Path, number: int, checker: Checker) -> PageImage:
    if path.exists() and not path.is_file():
        raise EnrolmentRefused(f"{path} n'est pas un fichier.")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EnrolmentRefused(f"{path} dépasse {_MOST_BYTES // 1_000_000} Mo.")
    except OSError as error:
        raise EnrolmentRefused(f"{path} ne se lit pas : {error.strerror}.") from error
    page = checker.decode(path.resolve(), number - 1)
    if page is None:
        raise EnrolmentRefused(f"{path} n'a pas de page {number}.")
    return page


def _read(image: PageImage, path: Path, engine: OcrEngine) -> FormSample:
    sample = read_sample(image, engine)
    if sample is None:
        raise EnrolmentRefused(f"{path} est une page blanche.")
    return sample


def _write(folder: Path, files: dict[Path, bytes]) -> None:
    """Each file whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            new = path.with_name(f".{path.name}.part")
            new.write_bytes(data)
            new.replace(path)
    except OSError as error:
        raise EnrolmentRefused(f"{folder} n'accepte pas l'écriture : {error.strerror}.") from error


def _tell(console: Console, learned: LearnedForm, targets: dict[str, Path]) -> None:
    form = learned.form
    if form is None:
        return
    combs = sum(bool(spec.cells_mm) for spec in form.fields)
    ticks = sum(spec.kind.value == "tick" for spec in form.fields)
    console.print(f"Titre : {form.title}")
    if form.cerfa or form.s_numbers:
        console.print(f"Numéros : {', '.join((*form.cerfa, *form.s_numbers))}")
    console.print(
        f"{len(form.anchors)} ancres, {len(form.fields)} champs proposés, dont {combs} peignes"
        f" et {ticks} cases à cocher."
    )
    for path in targets.values():
        console.print(f"Écrit : {path}", soft_wrap=True)
    console.print("Vérifiez les zones sur l'image, corrigez le TOML, puis ajoutez le type au plan.")
