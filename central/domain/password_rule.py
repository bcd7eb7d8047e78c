"""What a password must be: long, and nothing that is known already."""

import unicodedata

SHORTEST = 12
LONGEST = 1_000
_FEW_CHARACTERS = 5


def plain(password: str) -> str:
    """One spelling for what looks alike: keyboards write ``é`` in two ways."""
    return unicodedata.normalize("NFC", password)


def fault(password: str, login: str, old: str = "") -> str:
    """Why a password will not do, in French; empty when it will.

    Args:
        password: The wanted one.
        login: Of its owner.
        old: The one that it takes the place of, when it is known.
    """
    wanted = plain(password)
    if len(wanted) < SHORTEST:
        return f"Le mot de passe doit avoir au moins {SHORTEST} caractères."
    if len(wanted) > LONGEST:
        return f"Le mot de passe doit avoir au plus {LONGEST} caractères."
    if wanted.casefold() == login.casefold():
        return "Le mot de passe ne doit pas être l'identifiant."
    if old and wanted == plain(old):
        return "Le nouveau mot de passe doit différer de l'ancien."
    if len(set(wanted)) < _FEW_CHARACTERS:
        return f"Le mot de passe doit avoir au moins {_FEW_CHARACTERS} caractères différents."
    return ""
