"""What people type to find mail, made exact: NIRs, ids and their beginnings."""

import re
import uuid

from stdnum.fr import nir as french_nir

_BODY = re.compile(r"\d{6}[0-9AB]\d{6}")
_HEX = re.compile(r"[0-9a-f]{8,32}")
_BODY_DIGITS, _WHOLE_DIGITS, _UUID_DIGITS = 13, 15, 32


def nir_values(typed: str) -> tuple[str, str]:
    """A NIR as fields may hold it: without and with its key.

    Args:
        typed: 13 or 15 characters; blanks, dots and small letters are put right.

    Raises:
        ValueError: it is none, or its key is wrong; the text is French, and quotes nothing.
    """
    text = re.sub(r"[\s.\-]", "", typed).upper()
    body, key = text[:_BODY_DIGITS], text[_BODY_DIGITS:]
    if len(text) not in (_BODY_DIGITS, _WHOLE_DIGITS) or not _BODY.fullmatch(body):
        raise ValueError("Un NIR a 13 caractères, ou 15 avec sa clé.")
    wanted = french_nir.calc_check_digits(body)
    if key and key != wanted:
        raise ValueError("La clé de ce NIR est fausse : vérifiez la saisie.")
    return body, body + wanted


def id_range(typed: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and the last id that begins as typed: 8 hexadecimal digits or more.

    Raises:
        ValueError: it is none; the text is French.
    """
    text = typed.strip().lower().replace("-", "")
    if not _HEX.fullmatch(text):
        raise ValueError("Un identifiant a au moins 8 chiffres de 0 à 9 et de a à f.")
    return (
        uuid.UUID(hex=text.ljust(_UUID_DIGITS, "0")),
        uuid.UUID(hex=text.ljust(_UUID_DIGITS, "f")),
    )
