"""A mixed lot as a scanner's day brings it, at 200 dpi: drawn once, kept in a temporary folder.

60 % filled forms, 25 % full-text letters, 15 % attachments, blanks and separators; of each kind
every third page is black and white in TIFF G4, the rest grey in JPEG. Pages of one kind go the
round of eight typefaces. A folder holds 40 images; each becomes a lot.
"""

import functools
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge import sheets
from models.training.drawing import degrade, lots, mail, people
from models.training.drawing.lots import Artist
from models.training.drawing.paper import A4, Sheet

Pixels = NDArray[np.uint8]

_DPI = 200
_A_FOLDER = 40
_LINES, _LINE_MM = 34, 5.6
_SENTENCES = (
    "Je me permets de vous écrire au sujet du remboursement de mes soins du mois dernier",
    "que je n'ai toujours pas reçu à ce jour malgré plusieurs appels à votre service",
    "mon médecin m'a pourtant confirmé vous avoir transmis la feuille il y a trois semaines",
    "je vous informe également que j'ai changé d'adresse depuis le début de l'année",
    "vous trouverez ci-joint une copie de ma dernière quittance et de ma pièce d'identité",
    "pourriez-vous m'indiquer où en est le traitement de mon dossier et ce qui lui manque",
    "mon employeur m'a remis une attestation de salaire que je joins à cet envoi",
    "l'hôpital m'a facturé un forfait journalier que ma mutuelle refuse de prendre en charge",
)


def draw(count: int, seed: int) -> Path:
    """The folder of the lots of ``count`` images; the same seed draws the same."""
    folder = Path(tempfile.gettempdir()) / f"vaguemestre-mixed-{count}-{seed}"
    if (folder / "whole").exists():
        return folder
    artist = Artist(seed)
    makers = _makers(artist, count)
    artist.rng.shuffle(makers)
    for number, (make, is_g4) in enumerate(makers):
        home = folder / f"L{number // _A_FOLDER:03d}"
        home.mkdir(parents=True, exist_ok=True)
        _save(home / f"{number:05d}", make(), is_g4=is_g4)
    (folder / "whole").touch()
    return folder


def _makers(artist: Artist, count: int) -> list[tuple[Callable[[], Pixels], bool]]:
    forms, texts = round(0.6 * count), round(0.25 * count)
    other = (mail.prescription, mail.bank_details, mail.returned_envelope)
    kinds: list[list[Callable[[], Pixels]]] = [
        [functools.partial(_form, artist, kind) for kind in ("S3110", "S3704")],
        [functools.partial(_mail, artist, full_text)],
        [
            *(functools.partial(_mail, artist, draw) for draw in other),
            lambda: artist.scan(np.full((2339, 1654), 255, np.uint8)),
            lambda: lots.printed(sheets.separator_sheets_pdf(1)),
        ],
    ]
    made: list[tuple[Callable[[], Pixels], bool]] = []
    for kind, many in zip(kinds, (forms, texts, count - forms - texts), strict=True):
        made += [(kind[i % len(kind)], i % 3 == 0) for i in range(many)]
    return made


def _form(artist: Artist, kind: str) -> Pixels:
    return artist.form(kind)[0]


def _mail(artist: Artist, draw: Callable[[random.Random, int, Path], Pixels]) -> Pixels:
    return artist.mail("courrier", draw)[0]


def full_text(rng: random.Random, dpi: int, font: Path) -> Pixels:
    """A letter that fills its page: 1,800 characters and more."""
    writer = people.person(rng)
    sheet = Sheet(*A4, dpi)
    sheet.text(20, 22, f"{writer.given_names} {writer.surname}", font, 2.5)
    sheet.text(20, 28, f"{writer.street} {writer.postcode} {writer.town}", font, 2.5)
    words: list[str] = []
    for line in range(_LINES):
        while len(" ".join(words)) < 80:
            words += rng.choice(_SENTENCES).split()
        text = ""
        while words and len(text) + len(words[0]) < 76:
            text += f"{words.pop(0)} "
        sheet.text(20, 50 + _LINE_MM * line, text.strip(), font, 2.2)
    return sheet.pixels()


def _save(stem: Path, page: Pixels, *, is_g4: bool) -> None:
    if is_g4:
        image = Image.fromarray(np.ascontiguousarray(degrade.bitonal(page))).convert("1")
        image.save(stem.with_suffix(".tif"), "TIFF", compression="group4", dpi=(_DPI, _DPI))
        return
    image = Image.fromarray(np.ascontiguousarray(page))
    image.save(stem.with_suffix(".jpg"), "JPEG", quality=85, dpi=(_DPI, _DPI))
