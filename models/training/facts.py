"""What is printed on each type of page, whatever its layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
_OBJECTS = (
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
    f"{noun} {of} {after}".strip() for after in _AFTER[2:] for of in _OBJECTS for noun in _NOUNS
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
