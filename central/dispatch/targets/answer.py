"""An application's answer as far as we look at it: its status, what it names, what it says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from central.dispatch.targets.base import receipt_of

_SAID = ("reason", "detail", "message", "title", "error")
"""Keys of a JSON answer under which applications say what is wrong; the first one found counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """See the module; header names are in lower case."""

    status: int
    text: str
    headers: Mapping[str, str]
    fields: Mapping[str, object]

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> "Answer":
        """Read an answer; a body that is no JSON object has no fields."""
        text = body.decode(errors="replace")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(status, text, lowered, found if isinstance(found, dict) else {})

    def header(self, name: str) -> str:
        """A header's value; empty without it."""
        return self.headers.get(name.lower(), "")

    def named(self, header: str, field: str) -> str:
        """What it names in a header or, without one, in a field of its JSON; empty: nothing."""
        told = self.header(header).strip()
        if told:
            return told
        value = self.fields.get(field)
        return value if isinstance(value, str) else ""

    @property
    def said(self) -> str:
        """What it says is wrong, short and printable; a page made for browsers says nothing."""
        for name in _SAID:
            value = self.fields.get(name)
            if isinstance(value, str) and value.strip():
                return receipt_of(value)
        is_plain = self.header("Content-Type").partition(";")[0].strip() in ("", "text/plain")
        return receipt_of(self.text) if is_plain and not self.fields else ""
