"""What stands in a line of such mail: running French, names, addresses, figures, labels.

Running text mixes the word list of Debian's ``wfrench`` with the small words at about their true
frequency: the reader must not learn whole sentences by heart.
"""

import functools
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.ocr.engine import CHARSET
from models.training import people
from vaguemestre import pack

_WORDS = Path("/usr/share/dict/french")
_SMALL = """
    de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce
    il sont Je vous nous avec son sa ses cette mais comme ou si leur y dont tout elle même
    été aux mon ma mes votre vos notre être ont avait à ils d' l' qu' n' s' c' j' m' où
    sans sous fait deux on ces bien peut entre encore aussi après depuis très lui était
    jour madame monsieur docteur santé assurance maladie remboursement soins feuille
    dossier courrier date demande arrêt
"""
# Rare in the word list, common in the mail.
_NAMED = """
    œuvre œuvres sœur cœur œil vœux nœud manœuvre bœuf Orléans Montargis Gien Rochelle Rochefort
    Saintes Royan Loiret Charente Maritime Paris Lyon Marseille Toulouse Nantes Bordeaux Tours Blois
    Poitiers Angoulême Niort Bourges Chartres Jean Marie Pierre François Élise Hélène Benoît Cédric
    Noël Zoé Loïc Gaëlle Jérôme Stéphane Étienne Agnès Dupont Lefèvre Müller N'Guyen Vitale CPAM
    Cerfa SIRET FINESS RPPS AMELI IBAN BIC RIB Cedex CSS ALD CMU
    ordonnance généraliste conformément
"""
# The word list holds every verb in every form; letters hold few of these.
_BOOKISH = (
    "asse", "asses", "ât", "ît", "ût", "assions", "assiez", "assent", "âmes", "âtes", "îmes",
    "îtes", "isse", "isses", "issions", "issiez", "erions", "eriez", "irions", "iriez", "erai",
    "erons", "eras", "èrent",
)  # fmt: skip
_LEGAL = ("SARL", "SAS", "ETS", "EURL", "CABINET", "PHARMACIE", "CLINIQUE", "MAIRIE DE", "CPAM")
_MONTHS = """
    janvier février mars avril mai juin juillet août septembre octobre novembre décembre
"""


@functools.cache
def _words() -> Sequence[str]:
    """Raises FileNotFoundError: install ``wfrench``."""
    words = _WORDS.read_text("utf-8").split()
    return [w for w in words if set(w) <= set(CHARSET) and not w.endswith(_BOOKISH)]


@functools.cache
def _labels() -> Sequence[str]:
    forms = pack.load(pack.default_dir()).forms.values()
    return [anchor.text for form in forms for anchor in form.anchors] + [
        label for form in forms for spec in form.fields for label in spec.labels
    ]


def line(rng: random.Random) -> str:
    """One line of 1 to about 75 characters."""
    maker = rng.choices(_MAKERS, _WEIGHTS)[0]
    text = maker(rng)
    shape = rng.random()
    if shape < 0.10:
        text = text.upper()
    elif shape < 0.13:
        text = text.title()
    limit = rng.choice((12, 25, 40, 40, 60, 75))
    if len(text) > limit:
        start = text.rfind(" ", 0, len(text) - limit) + 1 if rng.random() < 0.5 else 0
        text = text[start : start + limit]
    return " ".join(char for char in text.strip().split()) or "1"


def running(rng: random.Random, words: int | None = None) -> str:
    """Words that look like French prose, with its punctuation."""
    made = ""
    for _ in range(words or rng.randint(2, 13)):
        kind = rng.random()
        words_of_kind = _SMALL.split() if kind < 0.48 else _NAMED.split()
        word = rng.choice(words_of_kind if kind < 0.56 else _words())
        if rng.random() < 0.05:
            word = word.capitalize()
        made += word if word.endswith("'") else word + rng.choices(_STOPS, _STOP_WEIGHTS)[0]
    text = made.strip()
    if rng.random() < 0.4:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.06:
        text = rng.choice(('"{}"', "({})", "« {} »", "- {}", "– {}", "{} :", "• {}")).format(text)
    if rng.random() < 0.08:
        text += "-"
    return text


_STOPS = (" ", ", ", ". ", " : ", " ; ", " - ", "! ", "? ", " (", ") ", "... ", " / ", "-", "; ")
_STOP_WEIGHTS = (84, 5, 4, 0.8, 0.4, 0.6, 0.3, 0.4, 0.3, 0.3, 0.3, 0.2, 0.6, 0.3)


def _person(rng: random.Random) -> str:
    who = people.person(rng)
    surname = who.surname if rng.random() < 0.4 else rng.choice(_words())
    parts = rng.choice(
        ("{s} {g}", "{g} {s}", "Dr {g} {s}", "M. {s}", "Mme {g} {s}", "DR {s} {g}", "{s}", "{g}")
    )
    case = rng.choice((str.upper, str.upper, str.title))
    return parts.format(s=case(surname), g=case(who.given_names))


def _address(rng: random.Random) -> str:
    who = people.person(rng)
    street = f"{rng.randint(1, 299)} {rng.choice(('', 'bis ', 'ter '))}".replace("  ", " ")
    way = rng.choice(("rue", "avenue", "place", "chemin", "impasse", "bd", "allée", "route"))
    words = " ".join(rng.choices(_words(), k=rng.randint(1, 3)))
    town = f"{rng.randint(1, 97):02d}{rng.randint(0, 999):03d} {rng.choice(_words())}"
    made = rng.choice((
        f"{street}{way} de {words}", f"{street}{way} {words}", town, f"{who.street} {town}",
        f"{who.postcode} {who.town}", f"BP {rng.randint(1, 999)} {town}",
        f"{town} CEDEX {rng.randint(1, 20)}",
    ))  # fmt: skip
    return made.upper() if rng.random() < 0.5 else made


def _number(rng: random.Random) -> str:
    who = people.person(rng)
    nir = who.nir
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 14)))
    spaced = f"{nir[0]} {nir[1:3]} {nir[3:5]} {nir[5:7]} {nir[7:10]} {nir[10:13]} {nir[13:]}"
    iban = people.iban(rng)
    pairs = (f"{rng.randint(0, 99):02d}" for _ in range(4))
    phone = rng.choice(" .").join([f"0{rng.randint(1, 9)}", *pairs])
    amount = f"{rng.choice((rng.randint(1, 99), rng.randint(100, 9999)))},{rng.randint(0, 99):02d}"
    letters = ("ABCDEFGHJKLMNPQR", "ABCDEFGHIJKLM", "ABCDEFGHIJKLM", "ABCDEFGP")
    act = "".join(map(rng.choice, letters))
    return rng.choice((
        nir, spaced, digits, digits, phone, amount, f"{amount} €", f"{amount} EUR", f"{amount} F",
        iban, " ".join(iban[i : i + 4] for i in range(0, 27, 4)), people.siret(rng),
        f"n° {digits}", f"N°{rng.randint(10000, 16999)}*0{rng.randint(1, 9)}", digits[:2],
        f"S{rng.randint(1000, 9999)}{rng.choice('abcdefghij')}", f"réf. {digits}/{digits[:2]}",
        f"{act}{rng.randint(1, 999):03d}", f"{rng.randint(1, 100)} %",
        f"{digits[:3]}.{digits[3:6]}", f"Tél. : {phone}",
        f"art. L. {rng.randint(100, 999)}-{rng.randint(1, 20)}",
    ))  # fmt: skip


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 31), rng.randint(1, 12), rng.randint(1925, 2027)
    named = f"{day} {rng.choice(_MONTHS.split())} {year}"
    sep = rng.choice("/.-")
    plain = f"{day:02d}{sep}{month:02d}{sep}{year}"
    return rng.choice(
        (named, f"le {named}", f"À {rng.choice(_words()).title()}, le {named}", plain,
         plain.replace(sep, " "), plain.replace(sep, ""), f"du {plain} au {plain}",
         f"né(e) le {plain}", f"{day:02d}/{month:02d}/{year % 100:02d}")
    )  # fmt: skip


def _label(rng: random.Random) -> str:
    return rng.choice(_labels())


def _firm(rng: random.Random) -> str:
    return f"{rng.choice(_LEGAL)} {' '.join(rng.choices(_words(), k=rng.randint(1, 3)))}".upper()


def _scrambled(rng: random.Random) -> str:
    """No language at all: each letter must be seen, rare ones included."""
    return "".join(rng.choice(CHARSET[:-5] + "      ") for _ in range(rng.randint(2, 18)))


_MAKERS: tuple[Callable[[random.Random], str], ...] = (
    running, _person, _address, _number, _date, _label, _firm, _scrambled,
)  # fmt: skip
_WEIGHTS = (52, 7, 8, 13, 6, 6, 3, 5)
