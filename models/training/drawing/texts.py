"""What is written on drawn mail: titles of each type, sentences, names, addresses, figures, labels.

Sentences come from a small grammar of our own: letters and small print without copied text. Running
text mixes the word list of Debian's ``wfrench`` with the small words at about their true frequency:
the reader must not learn whole sentences by heart.
"""

import functools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from edge.ocr.engine import CHARSET
from models.training.drawing import people
from vaguemestre import pack
from vaguemestre.model.forms import FormDefinition


@dataclass(frozen=True, slots=True)
class Facts:
    """A type's titles (any one of which heads a page), and its other telling phrases."""

    titles: tuple[str, ...]
    phrases: tuple[str, ...]


TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "S3201": (
        "attestation de salaire maladie - maternité - paternité",
        "attestation de salaire pour le paiement des indemnités journalières maladie - maternité",
    ),
    "S6202": (
        "attestation de salaire accident du travail ou maladie professionnelle",
        "attestation de salaire - accident du travail - maladie professionnelle",
    ),
    "S6909": (
        "certificat médical accident du travail maladie professionnelle",
        "certificat médical - accident du travail",
    ),
    "S3108": ("demande d'accord préalable", "demande d'entente préalable"),
    "S3125": (
        "soins reçus à l'étranger",
        "soins reçus à l'étranger - déclaration à compléter par l'assuré",
    ),
    "S1104": ("déclaration de changement de situation",),
    "ordonnance": ("ordonnance", "ordonnance médicale", "prescription", ""),
    "facture": ("facture", "facture n°", "note d'honoraires - facture"),
    "rib": ("relevé d'identité bancaire", "RIB - relevé d'identité bancaire"),
    "bulletin_salaire": ("bulletin de paie", "bulletin de salaire", "fiche de paie"),
    "bulletin_hospitalisation": ("bulletin de situation", "bulletin d'hospitalisation"),
    "acte_naissance": (
        "extrait d'acte de naissance", "acte de naissance", "copie intégrale d'acte de naissance",
    ),
    "piece_identite": ("carte nationale d'identité", "titre de séjour", "passeport"),
    "justificatif_domicile": (
        "justificatif de domicile", "quittance de loyer", "attestation d'hébergement",
        "attestation de titulaire de contrat", "avis d'échéance",
    ),
    "carte_mutuelle": ("carte de tiers payant", "carte mutuelle - tiers payant"),
    "bulletin_adhesion_c2s": (
        "bulletin d'adhésion complémentaire santé solidaire",
        "complémentaire santé solidaire - bulletin d'adhésion",
    ),
})  # fmt: skip

# Who else sends forms, and what their forms are called: mail that is not for the fund.
OTHERS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "caisse d'allocations familiales": (
        "demande d'aide au logement", "demande de prime d'activité", "déclaration de grossesse",
        "déclaration trimestrielle de ressources",
    ),
    "mutualité sociale agricole": ("demande de prestations", "déclaration de surfaces"),
    "france travail": ("demande d'allocation", "attestation employeur", "avis de situation"),
    "pôle emploi": ("demande d'allocation", "actualisation mensuelle"),
    "finances publiques": (
        "déclaration des revenus", "avis d'impôt sur les revenus", "taxe foncière",
    ),
    "préfecture": ("demande de certificat d'immatriculation", "certificat d'immatriculation"),
    "assurance retraite": ("demande de retraite personnelle", "relevé de carrière"),
    "carsat": ("demande de retraite de réversion", "questionnaire de ressources"),
    "urssaf": ("déclaration de chiffre d'affaires", "mise en demeure"),
    "mairie": ("demande de permis de construire", "inscription scolaire"),
    "maison départementale des personnes handicapées": ("demande à la mdph",),
})  # fmt: skip

_NOUNS = (
    "demande", "déclaration", "attestation", "notification", "formulaire", "fiche", "relevé",
    "certificat", "contrat", "questionnaire", "convention", "bordereau", "autorisation",
    "inscription", "réclamation", "protocole", "dossier", "avis", "procuration", "constat",
)  # fmt: skip
_FACTS_OBJECTS = (
    "de transport scolaire", "de location", "de prêt", "d'assurance habitation", "de bourse",
    "de stage", "d'embauche", "de visite", "de résiliation", "de garantie", "d'enquête",
    "de raccordement", "d'ouverture de compte", "de vacances", "d'entretien", "de conformité",
    "de vente", "d'achat", "de réservation", "de participation", "de suivi", "de contrôle",
    "d'abonnement", "de livraison", "de travaux", "d'urbanisme", "de candidature", "de présence",
    "de cotisation", "d'adoption", "de nationalité", "de subvention", "de sinistre", "de dépôt",
    "de retrait", "de soutien", "de prévention", "de vaccination", "de dépistage", "de don",
    "de médiation", "de formation", "de mobilité", "d'hébergement touristique", "de cession",
)  # fmt: skip
_AFTER = (
    "", "", "", "pour l'année en cours", "des personnes morales", "entre particuliers",
    "à retourner sous huit jours", "pour mineur", "d'un véhicule", "d'un logement",
    "pour les entreprises", "du conjoint", "d'un salarié", "en ligne", "annuel", "simplifié",
)  # fmt: skip

INVENTED_TITLES = tuple(
    f"{noun} {of} {after}".strip()
    for after in _AFTER[2:]
    for of in _FACTS_OBJECTS
    for noun in _NOUNS
)

SECTIONS = (
    "identification", "votre identité", "personne concernée", "à remplir par l'assuré(e)",
    "à compléter par l'employeur", "à remplir par le médecin", "votre situation",
    "renseignements complémentaires", "attestation sur l'honneur", "pièces à joindre", "signature",
    "cadre réservé à l'organisme", "notice", "bénéficiaire", "coordonnées", "déclaration",
)  # fmt: skip
LABELS = (
    "Nom", "Prénom", "Nom de naissance", "Date de naissance", "Adresse", "Code postal", "Commune",
    "Téléphone", "Courriel", "Numéro de dossier", "Profession", "Date d'effet", "Montant", "Durée",
    "Nationalité", "Lieu de naissance", "Raison sociale", "Date", "Fait à", "Numéro", "Nature",
)  # fmt: skip
OPTIONS = (
    "oui", "non", "célibataire", "marié(e)", "salarié(e)", "retraité(e)", "autre",
    "première demande", "renouvellement", "en cours", "madame", "monsieur", "père", "mère",
    "temps plein", "partiel",
)  # fmt: skip


def of(form: FormDefinition) -> Facts:
    """A type's facts: its titles, and the anchors that are no title."""
    titles = TITLES.get(form.type, (form.title,))
    phrases = tuple(anchor.text for anchor in form.anchors if anchor.text not in titles)
    return Facts(titles, phrases)


_SUBJECTS = (
    "mon médecin", "ma pharmacienne", "le service", "mon employeur", "votre conseiller",
    "ma fille", "mon fils", "mon épouse", "mon époux", "la clinique", "l'infirmière",
    "le laboratoire", "notre cabinet", "la mairie", "mon assistante sociale", "le kinésithérapeute",
)  # fmt: skip
_VERBS = (
    "a transmis", "n'a pas reçu", "attend toujours", "m'a demandé", "vous a envoyé", "a corrigé",
    "a perdu", "réclame", "vient d'établir", "a déjà adressé", "doit fournir", "refuse de signer",
    "m'a remis", "conserve", "a modifié", "a égaré",
)  # fmt: skip
_GRAMMAR_OBJECTS = (
    "la feuille de soins", "le certificat médical", "une attestation de droits", "le dossier",
    "l'arrêt de travail", "une copie de l'ordonnance", "le relevé de remboursement", "les factures",
    "la prescription de transport", "un justificatif de domicile", "le contrat de travail",
    "le formulaire signé", "mes bulletins de salaire", "la déclaration", "l'accord préalable",
)  # fmt: skip
_WHEN = (
    "la semaine dernière", "depuis le mois de mars", "il y a trois semaines", "hier", "à ce jour",
    "au début de l'année", "pendant mon hospitalisation", "avant la fin du mois", "le {d} {m}",
    "malgré deux relances", "sans explication", "dès que possible", "par courrier recommandé",
)  # fmt: skip
_LINKS = (
    "Cependant", "En effet", "Par ailleurs", "C'est pourquoi", "De plus", "Or", "Enfin",
    "À cette occasion", "Comme convenu", "D'après vos services", "Malheureusement", "Depuis lors",
)  # fmt: skip
_CAUSES = (
    "parce que le numéro de sécurité sociale était incomplet", "car l'adresse a changé",
    "puisque la période est maintenant terminée", "alors que les délais sont dépassés",
    "bien que toutes les pièces aient été jointes", "ce qui retarde mes remboursements",
    "si bien que je ne peux pas avancer ces frais", "faute d'une réponse écrite de votre part",
)  # fmt: skip
_ASKS = (
    "Pourriez-vous m'indiquer où en est mon dossier ?", "Je vous remercie de votre réponse rapide.",
    "Je reste à votre disposition pour tout renseignement.",
    "Merci de bien vouloir mettre à jour ma situation.",
    "Je souhaite recevoir un double de ce document.",
    "Vous trouverez ci-joint les pièces demandées.",
    "Je sollicite un délai supplémentaire pour vous répondre.",
    "Je conteste cette décision et demande un nouvel examen.",
)  # fmt: skip
_GRAMMAR_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
)  # fmt: skip
_OPENINGS = (
    "Je me permets de vous écrire au sujet de mon dossier.",
    "Je vous écris pour signaler une erreur.",
    "Suite à notre entretien, je vous apporte ces précisions.",
    "J'ai bien reçu votre courrier et je vous en remercie.",
    "Par la présente, je vous informe de mon changement d'adresse.",
)  # fmt: skip


def sentence(rng: random.Random) -> str:
    """One sentence of 40 to 200 characters."""
    if rng.random() < 0.2:
        return rng.choice(_ASKS)
    said = f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_GRAMMAR_OBJECTS)}"
    said = f"{said} {rng.choice(_WHEN)}".format(d=rng.randint(1, 28), m=rng.choice(_GRAMMAR_MONTHS))
    if rng.random() < 0.5:
        said = f"{said}, {rng.choice(_CAUSES)}"
    if rng.random() < 0.25:
        said = (
            f"{said} et {rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_GRAMMAR_OBJECTS)}"
        )
    if rng.random() < 0.4:
        return f"{rng.choice(_LINKS)}, {said}."
    return f"{said[0].upper()}{said[1:]}."


def paragraph(rng: random.Random, characters: int) -> str:
    """Sentences of about so many characters together."""
    made = [sentence(rng)]
    while sum(len(said) + 1 for said in made) < characters:
        made.append(sentence(rng))
    return " ".join(made)


def letter_body(rng: random.Random, characters: int) -> list[str]:
    """Paragraphs of a letter of at least so many characters, an opening first."""
    made = [rng.choice(_OPENINGS)]
    while sum(len(part) for part in made) < characters:
        made.append(paragraph(rng, rng.randint(180, 520)))
    return made


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
_PHRASES_MONTHS = """
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
    named = f"{day} {rng.choice(_PHRASES_MONTHS.split())} {year}"
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
