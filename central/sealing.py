"""Secrets that the database keeps for signing in, unreadable without a key that it does not have.

AES-256-GCM, each with a nonce of its own and bound to what it is for: a sealed text that is moved
to another row's purpose does not open. What 0.3.0 wrote in clear opens as it is.
"""

import base64
import binascii
import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central.errors import ConfigInvalid

MARK = "sealed:1:"
_CONTENT = "sealed"
_NONCE_BYTES, _KEY_BYTES = 12, 32
_OTHERS = stat.S_IRWXO


class Seal:
    """Seals with the first key, opens with any.

    Args:
        keys: 32 bytes each; none: nothing is sealed, and what is sealed does not open.
    """

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._keys = [AESGCM(key) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._keys)

    def close(self, text: str, purpose: str) -> str:
        """Make a text unreadable.

        Raises:
            ConfigInvalid: there is no key to do it with.
        """
        if not self._keys:
            raise ConfigInvalid("console.secrets_key_file is needed to keep secrets for signing in")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[0].encrypt(nonce, text.encode(), purpose.encode())
        return MARK + base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, text: str, purpose: str) -> str | None:
        """The text again; None: no key of ours opens it, or it was meant for something else."""
        if not text.startswith(MARK):
            return text
        try:
            raw = base64.b64decode(text.removeprefix(MARK), validate=True)
        except (ValueError, binascii.Error):
            return None
        for key in self._keys:
            try:
                opened = key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
            except (InvalidTag, ValueError):
                continue
            return opened.decode()
        return None

    def close_all(self, content: Mapping[str, Any], purpose: str) -> dict[str, Any]:
        """An object that JSON can hold, as one sealed value.

        Raises:
            ConfigInvalid: there is no key to do it with.
        """
        return {_CONTENT: self.close(json.dumps(dict(content)), purpose)}

    def open_all(self, content: Mapping[str, Any], purpose: str) -> dict[str, Any] | None:
        """The object again; None: it does not open."""
        if _CONTENT not in content:
            return dict(content)
        text = self.open(str(content[_CONTENT]), purpose)
        if text is None:
            return None
        found: dict[str, Any] = json.loads(text)
        return found


def load(path: Path | None) -> Seal:
    """Read a file of keys: a line each, 32 bytes in base64; the first one seals.

    Raises:
        ConfigInvalid: it cannot be read, holds no key, or others may read it.
    """
    if path is None:
        return Seal()
    how = "faites-en une avec : head -c 32 /dev/urandom | base64"
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigInvalid(f"{path} : tout le monde peut le lire ; faites chmod o=")
        lines = path.read_text("ascii").split()
        keys = [base64.b64decode(line, validate=True) for line in lines]
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from error
    except (ValueError, binascii.Error) as error:
        raise ConfigInvalid(f"{path} : ce n'est pas du base64 ; {how}") from error
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise ConfigInvalid(f"{path} : une clé a {_KEY_BYTES} octets ; {how}")
    return Seal(keys)
