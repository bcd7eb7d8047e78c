"""What stopped a delivery and what to do about it, as docs/runbook.md says it, in French."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_HTTP = re.compile(r"http_(\d{3})$")


@dataclass(frozen=True, slots=True)
class Advice:
    """Two sentences: what happened, what to do."""

    happened: str
    do: str


_KNOWN: Mapping[str, Advice] = MappingProxyType(
    {
        "hold": Advice(
            "L'exploitation retient cette destination, ce type ou ce site.",
            "Levez la retenue à la page Retenues : les livraisons repartent seules.",
        ),
        "destination_unknown": Advice(
            "Le plan nomme une destination que la configuration du centre ne connaît pas.",
            "Ajoutez-la à [[destinations]] et redémarrez la distribution : tout repart seul.",
        ),
        "key_unfit": Advice(
            "La clé de la livraison ne peut pas nommer un dossier.",
            "C'est un défaut du programme : signalez-le.",
        ),
        "http_unreachable": Advice(
            "Aucune connexion avec l'application : rien n'a été remis.",
            "Vérifiez le réseau et url, puis relancez.",
        ),
        "http_no_answer": Advice(
            "L'application n'a pas répondu à temps : elle a peut-être le document.",
            "Voyez pourquoi elle se tait, puis relancez : rien n'arrive deux fois.",
        ),
        "http_tls": Advice(
            "Le certificat de l'application n'est pas reconnu.",
            "Vérifiez ca_file, url et le certificat du pôle, puis relancez.",
        ),
        "http_unconfirmed": Advice(
            "La réponse ne nomme pas la livraison : page de maintenance, ou ancienne application.",
            'Rétablissez l\'application, ou réglez confirmation = "status", puis relancez.',
        ),
        "http_other_content": Advice(
            "L'application tient un autre contenu sous cette clé.",
            "Voyez avec le pôle comment elle garde les clés, puis relancez.",
        ),
        "folder_rights": Advice(
            "Le groupe du pôle ne peut pas écrire dans son dossier.",
            "Donnez-lui le dossier (chgrp, chmod g+rwxs), puis relancez.",
        ),
        "folder_unmounted": Advice(
            "Le témoin du dossier du pôle est absent : le partage n'est pas monté.",
            "Montez le partage, puis relancez.",
        ),
        "folder_interrupted": Advice(
            "Le dossier du pôle a rendu une erreur pendant la remise : elle est peut-être faite.",
            "Corrigez droits, place ou montage, puis relancez : rien n'arrive deux fois.",
        ),
        "folder_unavailable": Advice(
            "Le dossier du pôle rend une erreur : droits, place ou montage.",
            "Corrigez-la, puis relancez.",
        ),
        "package_failed": Advice(
            "Une page n'a pas pu être mise en PDF, ou manque au fichier d'origine.",
            "Remettez le document autrement, écartez la livraison et signalez le défaut.",
        ),
        "dispatch_disk": Advice(
            "Le disque temporaire du centre est plein.",
            "Faites de la place, puis relancez.",
        ),
        "worker_lost": Advice(
            "Chaque essai a été interrompu avant d'être noté.",
            "Voyez la taille du document, augmentez longest_hand_over_s, puis relancez.",
        ),
    }
)
_WRONG_DOOR = Advice(
    "L'application ne reconnaît pas le centre : secret, droits ou adresse.",
    "Vérifiez secret_file et url avec le pôle, puis relancez.",
)
_AWAY = Advice(
    "L'application du pôle était en panne ou surchargée.",
    "Attendez qu'elle réponde de nouveau, puis relancez tout le groupe.",
)
_REFUSED = Advice(
    "L'application du pôle refuse le document.",
    "Cherchez l'identifiant du document dans son journal, corrigez, puis relancez.",
)
_OTHER = Advice("Cause inattendue.", "Voyez le motif et le journal du centre avant de relancer.")


def of(code: str) -> Advice:
    """The advice for a code of deliveries."""
    if code in _KNOWN:
        return _KNOWN[code]
    if found := _HTTP.match(code):
        status = int(found[1])
        if status in (401, 403, 404, 405, 407):
            return _WRONG_DOOR
        return _AWAY if status >= 500 or status in (408, 425, 429) or status < 400 else _REFUSED
    return _OTHER
