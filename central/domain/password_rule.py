"""What a password must be: long, and nothing that is known already."""

import re
import unicodedata

SHORTEST = 12
LONGEST = 1_000
_FEW_CHARACTERS = 5
_OWN_CHARACTERS = 6
"""Different ones that must remain of a password once its common parts are taken away."""
_SHORTEST_WORD = 3
_LOOKS_LIKE = str.maketrans("0134578@$!|€", "oleastbasile")
_COMMON = (
    "motdepasse", "motdepass", "password", "passwort", "passw", "secret", "azerty", "azertyuiop",
    "qwerty", "qwertz", "qwertyuiop", "uiop", "qsdf", "asdf", "hjkl", "wxcv", "zxcv", "letmein",
    "iloveyou", "jetaime", "doudou", "loulou", "chouchou", "bonjour", "bienvenue", "welcome",
    "soleil", "marseille", "paris", "france", "admin", "administrateur", "utilisateur", "user",
    "root", "test", "demo", "default", "changeme", "changez", "changer", "monkey", "dragon",
    "princesse", "princess", "football", "superman", "batman", "pokemon", "starwars", "sunshine",
    "camille", "nicolas", "thomas", "julien", "juliette", "caroline", "abc", "cpam", "ameli",
    "cnam", "vaguemestre", "courrier", "securite", "sociale", "assurance", "maladie", "caisse",
    "provisoire", "temporaire", "janvier", "fevrier", "mars", "avril", "juin", "juillet", "aout",
    "septembre", "octobre", "novembre", "decembre", "lundi", "mardi", "mercredi", "jeudi",
    "vendredi", "printemps", "automne", "hiver", "ete",
)  # fmt: skip
_LADDERS = ("0123456789012345", "9876543210987654", "abcdefghijklmnopqrstuvwxyz", "azertyuiop",
            "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl", "zxcvbnm")  # fmt: skip


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
    if _is_common(wanted, login):
        return "Ce mot de passe est fait de mots ou de suites que tout le monde essaie."
    if len(set(wanted)) < _FEW_CHARACTERS:
        return f"Le mot de passe doit avoir au moins {_FEW_CHARACTERS} caractères différents."
    return ""


def _is_common(wanted: str, login: str) -> bool:
    """Whether too little remains without what guessers try first, however it is dressed up."""
    text = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", wanted.casefold())
        if not unicodedata.combining(letter)
    )
    spellings = (text, text.translate(_LOOKS_LIKE))
    return any(_own(spelling, login.casefold()) < _OWN_CHARACTERS for spelling in spellings)


def _own(text: str, login: str) -> int:
    """How many different characters remain without common words, ladders, the login and years."""
    known = sorted({*_COMMON, login}, key=len, reverse=True)
    for word in known:
        if len(word) >= _SHORTEST_WORD:
            text = text.replace(word, " ")
    for ladder in _LADDERS:
        for length in range(len(ladder), _SHORTEST_WORD - 1, -1):
            for start in range(len(ladder) - length + 1):
                text = text.replace(ladder[start : start + length], " ")
    text = re.sub(r"(?:19|20)\d\d", " ", text)
    return len({letter for letter in text if letter.isalnum()} | set(re.findall(r"[^\w\s]", text)))
