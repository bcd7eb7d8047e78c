"""How our verified forms look beside their fields: bars, panels and printed words.

Measured in millimetres on the same blanks as ``models/forms``, and drawn by code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from vaguemestre.model.document import BoxMm


@dataclass(frozen=True, slots=True)
class Word:
    """Printed words: left end, base line, cap height in millimetres, typeface."""

    x: float
    y: float
    text: str
    height: float = 2.1
    face: str = "times"


@dataclass(frozen=True, slots=True)
class Look:
    """What is printed beside anchors and fields.

    ``bars`` are dark, with white words where an anchor stands in them; ``tints`` pale;
    ``panels`` framed; ``headed`` are anchors in bold; ``numbered`` end in a number that stands in
    the tick box behind their words. ``is_tinted`` fields lie in a tint with white separators, else
    in white cells or over a rule.
    """

    face: str
    is_tinted: bool
    bars: tuple[BoxMm, ...] = ()
    tints: tuple[BoxMm, ...] = ()
    panels: tuple[BoxMm, ...] = ()
    headed: tuple[str, ...] = ()
    numbered: tuple[str, ...] = ()
    words: tuple[Word, ...] = field(default=())


_BIRTH_NAME = "(nom de famille (de naissance) suivi du nom d'usage (facultatif et s'il y a lieu))"

_CARE_SHEET = Look(
    face="times",
    is_tinted=True,
    bars=(
        BoxMm(10.2, 20.0, 189.6, 4.4),
        BoxMm(10.2, 74.6, 189.6, 4.4),
        BoxMm(10.2, 120.3, 189.6, 4.4),
        BoxMm(10.2, 183.6, 189.6, 4.4),
        BoxMm(10.2, 237.9, 189.6, 4.2),
    ),
    tints=(
        BoxMm(10.2, 28.1, 190, 4.5),
        BoxMm(10.2, 35.7, 124.1, 5.5),
        BoxMm(10.2, 43.8, 87.2, 4.5),
        BoxMm(10.2, 53.0, 190, 4.5),
        BoxMm(10.2, 60.8, 124.1, 5.5),
        BoxMm(10.2, 69.9, 190, 4.5),
        BoxMm(10.2, 107.5, 92.2, 5.0),
        BoxMm(10.2, 114.1, 92.2, 5.0),
        BoxMm(103.6, 112.8, 96.4, 6.6),
        BoxMm(10.2, 125.0, 121.0, 4.6),
        BoxMm(133.2, 125.0, 66.8, 11.0),
        BoxMm(17.2, 131.4, 114.0, 4.6),
        BoxMm(16.4, 138.0, 183.6, 4.6),
        BoxMm(10.2, 145.0, 189.8, 4.4),
        BoxMm(10.2, 152.0, 189.8, 4.5),
        BoxMm(10.2, 159.0, 189.8, 4.6),
        BoxMm(10.2, 165.0, 189.8, 11.5),
        BoxMm(10.2, 178.0, 189.8, 5.0),
        BoxMm(10.2, 193.2, 189.8, 12.6),
        BoxMm(58.0, 243.3, 82.0, 8.2),
        BoxMm(10.2, 253.3, 189.8, 5.2),
        BoxMm(10.2, 260.6, 189.8, 12.0),
    ),
    headed=(
        "feuille de soins - médecin",
        "ADRESSE DE L'ASSURE(E)",
        "MEDECIN REMPLACANT",
        "MATERNITE",
        "acte conforme au protocole ALD",
        "action de prévention",
        "accident causé par un tiers :",
        "accès direct spécifique",
        "hors résidence habituelle",
        "médecin traitant remplacé",
        "accès hors coordination",
        "MONTANT TOTAL",
        "en euros (1+2+3)",
        "FSM 01-2011 S 3110j",
    ),
    words=(
        Word(155.8, 7.8, "numéro de facture (facultatif)", 1.9),
        Word(152.0, 18.2, "date", 2.1),
        Word(13.8, 27.6, "PERSONNE RECEVANT LES SOINS", 2.2, "times_bold"),
        Word(11.2, 31.6, "nom et prénom"),
        Word(11.0, 34.9, _BIRTH_NAME, 1.8),
        Word(11.2, 39.6, "numéro d'immatriculation"),
        Word(11.2, 56.5, "nom et prénom"),
        Word(11.0, 60.0, _BIRTH_NAME, 1.8),
        Word(11.2, 64.7, "numéro d'immatriculation"),
        Word(11.2, 111.0, "nom et prénom"),
        Word(115.2, 134.7, "autre", 2.0, "times_bold"),
        Word(59.6, 141.2, "non", 2.0, "times_bold"),
        Word(82.6, 141.2, "oui", 2.0, "times_bold"),
        Word(106.4, 141.2, "date", 2.0, "times_bold"),
        Word(18.2, 155.2, "AT/MP", 2.2, "times_bold"),
        Word(58.2, 155.2, "numéro", 2.0, "times_bold"),
        Word(131.0, 155.2, "ou", 2.0, "times_bold"),
        Word(152.0, 155.2, "date", 2.0, "times_bold"),
        Word(11.0, 171.6, "nom et prénom du médecin :", 2.1, "times_bold"),
        Word(51.8, 181.4, "urgence", 2.0, "times_bold"),
        Word(23.0, 203.4, "actes", 1.9, "arial"),
        Word(55.0, 203.4, "actes", 1.9, "arial"),
        Word(83.4, 197.0, "C, CS", 1.6, "arial"),
        Word(83.4, 199.6, "CNPSY", 1.6, "arial"),
        Word(83.4, 202.2, "V, VS", 1.6, "arial"),
        Word(97.0, 204.8, "CCAM", 1.6, "arial"),
        Word(132.0, 204.6, "facturés", 1.9, "arial"),
        Word(161.6, 204.4, "I.D. M.D.", 1.5, "arial"),
        Word(171.4, 204.4, "nbre", 1.7, "arial"),
        Word(184.0, 204.4, "montant", 1.7, "arial"),
        Word(96.0, 241.2, "PAIEMENT", 2.3, "times_bold"),
        Word(11.4, 270.6, "l'acte ou les actes", 2.0, "times_bold"),
        Word(
            10.2, 275.2,
            "Quiconque se rend coupable de fraude ou de fausse déclaration est passible de "
            "pénalités financières, d'amende et/ou d'emprisonnement",
            1.5, "arial",
        ),
        Word(
            10.2, 281.4,
            "En application de la loi du 6 janvier 1978 modifiée, vous pouvez demander la "
            "rectification des informations vous concernant auprès de votre organisme",
            1.5, "arial",
        ),
    ),
)  # fmt: skip

_ATTENDING_DOCTOR = Look(
    face="times",
    is_tinted=False,
    bars=(
        BoxMm(7.4, 31.4, 35.8, 3.9),
        BoxMm(164.6, 31.4, 35.8, 3.9),
        BoxMm(7.4, 128.6, 28.4, 3.9),
        BoxMm(173.6, 128.6, 28.4, 3.9),
        BoxMm(7.4, 194.2, 20.4, 3.9),
        BoxMm(182.0, 194.2, 20.4, 3.9),
    ),
    tints=(BoxMm(7.6, 203.6, 96.4, 9.2), BoxMm(105.0, 203.6, 96.4, 9.2)),
    panels=(
        BoxMm(7.6, 36.8, 193.8, 84.6),
        BoxMm(7.6, 134.0, 96.4, 54.0),
        BoxMm(104.0, 134.0, 97.4, 54.0),
        BoxMm(7.6, 203.6, 96.4, 56.6),
        BoxMm(104.0, 203.6, 97.4, 56.6),
    ),
    headed=(
        "DÉCLARATION DE CHOIX DU MÉDECIN TRAITANT",
        "IMPORTANT",
        "Identification de l'assuré(e) et du bénéficiaire des soins",
        "L'assuré(e)",
        "Le bénéficiaire des soins",
        "Identification de la structure d'exercice et du médecin traitant",
        "Déclaration conjointe du bénéficiaire des soins et du médecin traitant",
        "Raison sociale et adresse du cabinet, de l'établissement (*)",
        "Nom et prénom du médecin traitant",
        "Merci d'envoyer la déclaration complétée et signée à votre caisse d'assurance maladie.",
        "Bénéficiaire des soins",
        "Médecin traitant",
    ),
    words=(
        Word(9.2, 45.4, "Nom de famille (de naissance)", 2.1),
        Word(9.2, 48.2, "suivi du nom d'usage, s'il y a lieu", 1.6),
        Word(9.2, 51.6, "Prénom", 2.1),
        Word(9.2, 75.0, "Nom de famille (de naissance)", 2.1),
        Word(9.2, 77.8, "suivi du nom d'usage, s'il y a lieu", 1.6),
        Word(9.2, 81.6, "Prénom", 2.1),
        Word(106.4, 149.4, "Nom", 2.1),
        Word(106.4, 155.8, "Prénom", 2.1),
        Word(191.4, 279.4, "S 3704b", 2.2, "times_bold"),
    ),
)

_CARE_PROTOCOL = Look(
    face="times",
    is_tinted=True,
    bars=tuple(BoxMm(9.1, top, 190.2, 3.9) for top in (28.9, 72.3, 129.4, 217.9, 229.4)),
    tints=(
        *(
            BoxMm(9.3, top, 190.2, height)
            for top, height in (
                (33.9, 3.9),
                (38.2, 12.3),
                (55.2, 3.9),
                (63.8, 8.1),
                (80.6, 3.9),
                (85.0, 8.1),
                (97.8, 8.1),
                (106.4, 3.9),
                (111.1, 3.9),
                (115.6, 3.8),
                (120.3, 3.9),
                (124.8, 3.9),
                (134.0, 6.5),
                (141.6, 3.9),
                (146.4, 3.9),
                (151.3, 3.9),
                (156.0, 28.6),
                (185.2, 4.2),
                (190.1, 4.2),
                (195.1, 3.9),
                (208.0, 3.9),
                (213.1, 3.9),
                (223.6, 3.9),
                (234.7, 3.9),
                (240.0, 3.9),
                (245.4, 3.9),
                (254.3, 3.9),
                (258.8, 3.9),
                (263.1, 3.9),
            )
        ),
        BoxMm(9.3, 268.4, 142.5, 19.6),
    ),
    headed=("protocole de soins", "numéro d'immatriculation"),
    numbered=("ALD non exonérante 1", "ALD 30 (liste) 2", "ALD hors liste 3"),
    words=(
        Word(11.0, 257.4, "refus"),
        Word(11.0, 266.2, "date"),
        Word(79.9, 216.1, "oui"),
        Word(110.2, 216.1, "non"),
        Word(184.4, 226.8, "autre"),
        *(Word(10.6, top, "accord au titre de (2)") for top in (237.8, 243.2, 248.5)),
        *(Word(49.4, top, "du") for top in (237.8, 243.2, 248.5)),
        *(Word(98.8, top, "au") for top in (237.8, 243.2, 248.5)),
    ),
)

LOOKS: Mapping[str, Look] = MappingProxyType(
    {"S3110": _CARE_SHEET, "S3501": _CARE_PROTOCOL, "S3704": _ATTENDING_DOCTOR}
)
