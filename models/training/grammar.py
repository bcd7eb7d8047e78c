"""French sentences of a small grammar of our own: letters and small print without copied text."""

import random

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
_OBJECTS = (
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
_MONTHS = (
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
    said = f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)}"
    said = f"{said} {rng.choice(_WHEN)}".format(d=rng.randint(1, 28), m=rng.choice(_MONTHS))
    if rng.random() < 0.5:
        said = f"{said}, {rng.choice(_CAUSES)}"
    if rng.random() < 0.25:
        said = f"{said} et {rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)}"
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
