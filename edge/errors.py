"""The edge's error tree.

Each class owns a stable ``code`` (a heading in docs/runbook.md), the ``exit_code`` of a
command that ends with it, whether trying again can help (``permanent``), and a French
sentence for the operator. Details go into ``str(error)``; personal data never does.
"""

import errno
from typing import ClassVar


class EdgeError(Exception):
    """Base of the tree; never raised itself."""

    code: ClassVar[str] = "edge"
    exit_code: ClassVar[int] = 1
    permanent: ClassVar[bool] = False
    reason: ClassVar[str] = "Erreur inattendue. Prévenez l'exploitation."

    def __init__(self, detail: str = "", *, hint: str = "") -> None:
        super().__init__(detail or self.reason)
        self.hint = hint


class ConfigInvalid(EdgeError):
    """The settings file is wrong; the message lists every problem."""

    code = "config_invalid"
    exit_code = 2
    permanent = True
    reason = "Le fichier de configuration est incorrect. Corrigez les points listés."


class PackInvalid(EdgeError):
    """A form, the plan or a model file is missing, corrupted or does not match its digest."""

    code = "pack_invalid"
    exit_code = 3
    permanent = True
    reason = "Le paquet de reconnaissance est incomplet ou altéré. Réinstallez-le."


class EnrolmentRefused(EdgeError):
    """A form cannot be learned from what was given; the message says why."""

    code = "enrolment_refused"
    exit_code = 2
    permanent = True
    reason = "Le formulaire n'a pas été appris."


class SpoolFull(EdgeError):
    """The spool is at its limit; scans stay in the scanner's folder."""

    code = "spool_full"
    reason = "L'espace de travail est plein. Les lots attendent dans le dossier du scanner."


class SpoolLocked(EdgeError):
    """Another command holds the journal for longer than we wait in one go."""

    code = "spool_locked"
    reason = "Le journal local est occupé par une autre commande. Nouvel essai automatique."


class SpoolFailed(EdgeError):
    """The disk, or the system, refuses the journal an act; nothing was changed."""

    code = "spool_failed"
    reason = "Le disque de la station a refusé un accès au journal. Nouvel essai automatique."


class SpoolCorrupt(EdgeError):
    """The journal or a stored file does not hold what it promised."""

    code = "spool_corrupt"
    exit_code = 4
    permanent = True
    reason = "Le journal local est endommagé. Prévenez l'exploitation."


class SpoolBusy(EdgeError):
    """Another process of this station works in the same directory."""

    code = "spool_busy"
    reason = "Un autre agent utilise déjà cet espace de travail. Arrêtez-le d'abord."


class SourceAbsent(EdgeError):
    """The watched folder's marker is missing: the share is not mounted."""

    code = "source_absent"
    reason = "Le dossier surveillé n'est pas accessible. Vérifiez le partage réseau."


class SourceFailed(EdgeError):
    """Looking into the watched folder, or one act there, failed; it is tried again."""

    code = "source_failed"
    reason = "Une action sur le dossier surveillé a échoué. Réessai automatique."


class ReaderFailed(EdgeError):
    """No reading process starts, though nothing is wrong with the pack; lots wait."""

    code = "reader_failed"
    reason = "La lecture ne démarre pas. Vérifiez la mémoire libre ; les lots attendent."


class ConfinementMissing(EdgeError):
    """The kernel cannot confine a reading process; the message names what it lacks."""

    code = "confinement_missing"
    exit_code = 3
    permanent = True
    reason = "Ce système ne sait pas isoler la lecture des fichiers. Prévenez l'exploitation."


class LotWithoutDocument(EdgeError):
    """A lot was read and holds nothing but separator and header sheets."""

    code = "lot_without_document"
    reason = "Le lot ne contient que des feuilles d'en-tête ou de séparation. Vérifiez le paquet."


class ReadingError(EdgeError):
    """Base of what stops one file or page only; the rest of the lot goes on."""

    permanent = True


class FileEmpty(ReadingError):
    """The file has no byte."""

    code = "file_empty"
    reason = "Le fichier est vide. Numérisez de nouveau."


class FormatUnknown(ReadingError):
    """Neither TIFF, JPEG, PNG nor PDF."""

    code = "format_unknown"
    reason = "Format non reconnu. Seuls TIFF, JPEG, PNG et PDF sont lus."


class FileTruncated(ReadingError):
    """The file ends before its content does."""

    code = "file_truncated"
    reason = "Le fichier est tronqué ou endommagé. Numérisez de nouveau."


class FileEncrypted(ReadingError):
    """A PDF that asks for a password."""

    code = "file_encrypted"
    reason = "Le PDF est protégé par un mot de passe. Demandez un fichier sans protection."


class PdfDynamicForm(ReadingError):
    """A PDF whose content is made by a program in it (XFA); its page only asks to wait."""

    code = "pdf_dynamic_form"
    reason = (
        "Ce PDF est un formulaire dynamique, illisible ici. Imprimez-le en PDF et redéposez-le."
    )


class PdfPortfolio(ReadingError):
    """A PDF whose pages are but a cover over the files attached to it."""

    code = "pdf_portfolio"
    reason = "Ce PDF contient des pièces jointes. Ouvrez-le, enregistrez-les et déposez chacune."


class NoPage(ReadingError):
    """A document without pages."""

    code = "no_page"
    reason = "Le fichier ne contient aucune page. Numérisez de nouveau."


class PageTooLarge(ReadingError):
    """More pixels than the limit, known before decoding."""

    code = "page_too_large"
    reason = "L'image dépasse la taille permise. Numérisez à une résolution plus basse."


class TooManyPages(ReadingError):
    """More pages than the limit."""

    code = "too_many_pages"
    reason = "Le fichier contient trop de pages. Découpez le lot."


class ImageUndecodable(ReadingError):
    """The image data is damaged beyond reading."""

    code = "image_undecodable"
    reason = "L'image est illisible. Numérisez de nouveau."


class PageTimeout(ReadingError):
    """Reading took longer than allowed; the worker was ended."""

    code = "page_timeout"
    reason = "La lecture de la page a pris trop de temps. À traiter à la main."


class PageCrashed(ReadingError):
    """The worker died (memory limit or a fault in a decoder)."""

    code = "page_crashed"
    reason = "La page a fait échouer la lecture. À traiter à la main."


class ReadingTooLong(ReadingError):
    """The file, or its lot, has had all the time that it may have; the rest is not tried."""

    code = "reading_too_long"
    reason = "Le fichier ou son lot prend trop de temps à lire. La suite est à traiter à la main."


class LotTooLong(ReadingError):
    """With this file the lot would have more pages than the limit."""

    code = "lot_too_long"
    reason = "Le lot contient trop de pages. Numérisez la suite sous un autre nom de lot."


class NotRegularFile(ReadingError):
    """A symbolic link, fifo, device or a directory with a file's name."""

    code = "not_regular_file"
    reason = "Ce n'est pas un fichier ordinaire. Il a été ignoré."


class FileDenied(ReadingError):
    """The station may not read the file."""

    code = "file_denied"
    reason = "La station n'a pas le droit de lire ce fichier. Vérifiez les droits du dossier."


class FileVanished(ReadingError):
    """The file was there and went away while it was taken."""

    code = "file_vanished"
    reason = "Le fichier a disparu pendant la prise en charge. Vérifiez le scanner."


class FolderTooFull(ReadingError):
    """More files and directories below one directory than are looked at."""

    code = "folder_too_full"
    reason = (
        "Ce dossier contient trop de fichiers et de sous-dossiers : rien n'y est plus pris. Retirez"
        " les sous-dossiers vides et les fichiers anciens."
    )


class FileChanged(ReadingError):
    """The file is there and was written to while it was taken: it becomes a lot of its own."""

    code = "file_changed"
    reason = (
        "Le scanner a encore écrit dans ce fichier pendant la prise en charge : il est repris dans"
        " un autre lot du même nom. Vérifiez cet autre lot."
    )


class FileStays(EdgeError):
    """A file was copied and cannot be removed from the watched folder."""

    code = "file_stays"
    reason = (
        "Des fichiers copiés ne peuvent pas être supprimés. Vérifiez les droits de la station sur "
        "le dossier."
    )
    advice: ClassVar[str] = "Vérifiez les droits de la station sur le dossier."


class WrittenLate(EdgeError):
    """A program opened a file for writing at the moment when it was removed."""

    code = "written_late"
    reason = "Un programme a rouvert un fichier pendant son retrait. Vérifiez les pages du lot."


class CountMismatch(ReadingError):
    """The index announces another number of images than the lot holds."""

    code = "count_mismatch"
    reason = "Le nombre d'images ne correspond pas au bordereau. Complétez ou clôturez le lot."


class UplinkRefused(EdgeError):
    """The centre refused a document or the station."""

    code = "uplink_refused"
    reason = "Le centre a refusé l'envoi. Prévenez l'exploitation."


class FileTooLarge(EdgeError):
    """A source file of more bytes than the centre takes."""

    code = "file_too_large"
    permanent = True
    reason = "Le fichier dépasse la taille que le centre accepte. Découpez le lot."


class SpoolAbsent(EdgeError):
    """Somebody asks about a spool that the agent has not made yet."""

    code = "spool_absent"
    exit_code = 4
    reason = "L'agent n'a encore jamais démarré dans cet espace de travail."


class UplinkLost(EdgeError):
    """No centre answers now; documents wait in the spool and go by themselves later."""

    code = "uplink_lost"
    reason = "Le centre est injoignable. Les documents attendent et partiront tout seuls."


class CertificateExpired(UplinkRefused):
    """The station's own certificate is past its last day, by its own clock or the centre's."""

    code = "certificate_expired"
    reason = "Le certificat de la station a expiré. Renouvelez-le ; les documents attendent ici."


class CertificateNotYetValid(UplinkRefused):
    """The station's own certificate begins later than its clock says it is."""

    code = "certificate_not_yet_valid"
    reason = (
        "Le certificat de la station n'est pas encore valable. Vérifiez la date et l'heure de la"
        " station, puis le certificat."
    )


class CertificateRefused(UplinkRefused):
    """The centre does not accept the station's certificate, which is in its days."""

    code = "certificate_refused"
    reason = (
        "Le centre n'accepte pas le certificat de la station. Faites comparer les autorités des"
        " deux côtés ; les documents attendent ici."
    )


class CertificateUnusable(UplinkRefused):
    """A certificate file cannot be read, or the key is not the certificate's."""

    code = "certificate_unusable"
    reason = (
        "Le certificat, sa clé ou l'autorité sont illisibles ou mal assortis. Remettez les bons"
        " fichiers ; les documents attendent ici."
    )


class CentreCertificateOutdated(UplinkRefused):
    """The centre's certificate, or its authority's, is outside its days by the station's clock."""

    code = "centre_certificate_outdated"
    reason = (
        "Le certificat du centre a expiré, ou n'est pas encore valable à l'heure de la station."
        " Vérifiez cette heure, puis prévenez le centre."
    )


class CentreUntrusted(UplinkRefused):
    """The centre's certificate is of another authority, or names another machine."""

    code = "centre_untrusted"
    reason = (
        "Le certificat du centre n'est pas de l'autorité attendue, ou nomme une autre machine."
        " Rien ne lui est envoyé. Prévenez l'exploitation."
    )


class PartStalled(EdgeError):
    """A part of the agent has not gone on for longer than it should."""

    code = "part_stalled"
    reason = "Une partie de la station n'avance plus. Suivez l'indication de la page ou de status."


# What the machine refuses for a while, whatever lot or document it is asked for.
_MACHINE_SHORT = frozenset(
    {
        *(errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
        *(errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT),
    }
)


def passes(error: BaseException) -> bool:
    """Whether an error says nothing of a lot or document: what failed is to be tried again."""
    if isinstance(error, EdgeError):
        return not error.permanent and type(error) is not EdgeError
    return isinstance(error, OSError) and error.errno in _MACHINE_SHORT


def plainly(error: BaseException) -> str:
    """What failed, for a log: without a file's name, which may be a person's."""
    if isinstance(error, OSError):
        name = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return f"{name}: {error.strerror or 'no reason given'}"
    return str(error) if isinstance(error, EdgeError) else type(error).__name__


def code_of(error: BaseException) -> str:
    """The code under which an error is told."""
    if isinstance(error, EdgeError):
        return error.code
    return SpoolFailed.code if isinstance(error, OSError) else EdgeError.code
