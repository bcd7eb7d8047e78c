"""The centre's error tree; same shape as the edge's (docs/runbook.md has a heading per code)."""

from typing import ClassVar


class CentralError(Exception):
    """Base of the tree; never raised itself."""

    code: ClassVar[str] = "central"
    exit_code: ClassVar[int] = 1
    permanent: ClassVar[bool] = False
    reason: ClassVar[str] = "Erreur inattendue. Prévenez l'exploitation."

    def __init__(self, detail: str = "", *, hint: str = "") -> None:
        super().__init__(detail or self.reason)
        self.hint = hint


class ConfigInvalid(CentralError):
    """The settings file is wrong; the message lists every problem."""

    code = "config_invalid"
    exit_code = 2
    permanent = True
    reason = "Le fichier de configuration est incorrect. Corrigez les points listés."


class StoreUnavailable(CentralError):
    """PostgreSQL does not answer."""

    code = "store_unavailable"
    exit_code = 5
    reason = "La base de données ne répond pas. Réessai automatique."


class EmbeddedFailed(CentralError):
    """The PostgreSQL that comes with the program is missing, busy or does not start."""

    code = "embedded_failed"
    exit_code = 7
    permanent = True
    reason = "La base de données embarquée ne démarre pas. Consultez son journal."


class SchemaBehind(CentralError):
    """The database was not migrated to this version."""

    code = "schema_behind"
    exit_code = 6
    permanent = True
    reason = "Le schéma de la base n'est pas à jour. Lancez vaguemestre-central migrate."


class PartitionBlocked(CentralError):
    """A month has no partition of its own yet, as documents of it came in just then."""

    code = "partition_blocked"
    reason = "Un mois n'a pas encore sa partition. Réessai automatique."


class BlobStoreUnavailable(CentralError):
    """The store of images does not answer, or its disk is full."""

    code = "blob_store_unavailable"
    exit_code = 8
    reason = "Le stockage des images ne répond pas ou est plein. Réessai automatique."


class BlobMissing(CentralError):
    """A document names an image that the centre does not hold."""

    code = "blob_missing"
    reason = "Une image manque au centre. La station la renvoie."


class BlobCorrupt(CentralError):
    """Bytes do not match their digest."""

    code = "blob_corrupt"
    reason = "Une image reçue ne correspond pas à son empreinte. La station la renvoie."


class BlobTooLarge(CentralError):
    """A source file of more bytes than the settings allow; sending it again cannot help."""

    code = "blob_too_large"
    permanent = True
    reason = "Le fichier dépasse la taille que le centre accepte. Découpez le lot."


class DocumentInvalid(CentralError):
    """A document that breaks the contract; sending it again cannot help."""

    code = "document_invalid"
    permanent = True
    reason = "Le document reçu est incorrect. Il reste à la station."


class SiteForbidden(CentralError):
    """The certificate names another site than the message."""

    code = "site_forbidden"
    permanent = True
    reason = "Le certificat de la station ne correspond pas à son site."


class NotFound(CentralError):
    """No such lot, document or delivery."""

    code = "not_found"
    permanent = True
    reason = "Introuvable."


class Forbidden(CentralError):
    """The person's roles, sites or pôles do not cover this."""

    code = "forbidden"
    permanent = True
    reason = "Vous n'avez pas le droit de voir ou de faire cela."


class LeaseLost(CentralError):
    """Somebody else has the document, or it is no longer waiting."""

    code = "lease_lost"
    permanent = True
    reason = "Ce document n'est plus à vous : le délai est passé ou il est déjà traité."


class InputInvalid(CentralError):
    """What a person sent cannot be; the message names the field."""

    code = "input_invalid"
    permanent = True
    reason = "La saisie est incorrecte."


class AccountExists(CentralError):
    """Somebody has that login."""

    code = "account_exists"
    permanent = True
    reason = "Cet identifiant est déjà pris."


class NotYours(CentralError):
    """A second look by the same person: blind keying and four eyes want two."""

    code = "not_yours"
    permanent = True
    reason = "Une autre personne doit le faire."


class AlreadyHeld(CentralError):
    """A hold on the same destination, type or site is open."""

    code = "already_held"
    permanent = True
    reason = "C'est déjà retenu. Rechargez la page."


class AlreadyDecided(CentralError):
    """Somebody applied, refused or undid the change of the plan before."""

    code = "already_decided"
    permanent = True
    reason = "Cette modification a déjà été décidée. Rechargez la page."


class LaterChange(CentralError):
    """A change of the same type was applied after the one to undo."""

    code = "later_change"
    permanent = True
    reason = "Une modification plus récente du même type doit d'abord être annulée."


class ChangeUnderWay(CentralError):
    """Documents of the type still follow a change of the plan that was decided before."""

    code = "change_under_way"
    reason = "Les documents de ce type suivent encore une autre modification. Réessayez plus tard."


class StepRefused(CentralError):
    """The state of the document does not allow what was asked."""

    code = "step_refused"
    permanent = True
    reason = "L'état du document ne le permet plus. Rechargez la page."


class DeliveryUnderWay(CentralError):
    """A worker is handing the document to its pôle at this moment."""

    code = "delivery_under_way"
    reason = "Le document est en cours de remise à son pôle. Réessayez dans un instant."


class DeliveryInDoubt(CentralError):
    """A pôle may have the document without having said so; ``hint`` names it, in French."""

    code = "delivery_in_doubt"
    reason = "Le document a peut-être déjà été reçu par son pôle, qui n'a pas répondu."


class AlreadyDelivered(CentralError):
    """Pages moved between documents, and a pôle has one of them: they stay where they are."""

    code = "already_delivered"
    permanent = True
    reason = "Un des documents est déjà à son pôle : reprenez-le d'abord, avec un motif."


class AccountClosed(CentralError):
    """The account of somebody that the identity provider vouches for was closed here."""

    code = "account_closed"
    permanent = True
    reason = "Votre compte est fermé. Adressez-vous à l'administration."


class LoginTaken(CentralError):
    """The provider's login is that of another account, which nobody gets by having its name."""

    code = "login_taken"
    permanent = True
    reason = (
        "Votre identifiant est déjà celui d'un autre compte. Adressez-vous à l'administration :"
        " il n'est jamais rattaché automatiquement."
    )


class LastAdmin(CentralError):
    """Somebody has to be left who may administer, and nobody changes their own rights."""

    code = "last_admin"
    permanent = True
    reason = (
        "Vous ne pouvez pas changer vos propres droits ni retirer le dernier compte"
        " d'administration. Demandez-le à un autre administrateur."
    )


class NoRole(CentralError):
    """The provider knows somebody to whom it gives no role, site or pôle here."""

    code = "no_role"
    permanent = True
    reason = "Votre compte n'a aucun droit dans Vaguemestre. Demandez-les à l'administration."


class ProviderRefused(CentralError):
    """The provider's answer does not prove who somebody is: wrong, late, or used before."""

    code = "provider_refused"
    permanent = True
    reason = "Le service d'identité n'a pas confirmé votre connexion. Recommencez-la."


class ProviderUnavailable(CentralError):
    """The identity provider does not answer, or not as OpenID Connect wants it."""

    code = "provider_unavailable"
    reason = "Le service d'identité ne répond pas. Réessayez dans un instant."
