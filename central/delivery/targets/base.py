"""What every target promises; tests/central/delivery/test_targets.py holds each of them to it.

``deliver`` never raises for an expected outcome. Delivering the same package again, after a
crash, in doubt or at the same time, changes nothing at the application and is ``Delivered``
again; also when the application has taken the first one away meanwhile.
"""

from dataclasses import dataclass
from typing import Protocol

from central.delivery.package import Package

_MAX_RECEIPT = 200


@dataclass(frozen=True, slots=True)
class Delivered:
    """The application has it durably; ``receipt`` is what it said."""

    receipt: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The application will never take it as it is; ``reason`` is French."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The application cannot take it now; ``retry_after_s`` is what it asked for, or 0.

    ``may_be_document``: it answered, and failed. That may be this document's fault, so that the
    try counts among its attempts whatever the state of the circuit.
    """

    code: str
    reason: str
    retry_after_s: float = 0.0
    may_be_document: bool = False


@dataclass(frozen=True, slots=True)
class OtherContent:
    """The application holds other content under this key: it goes out as a new round."""

    code: str
    reason: str


Outcome = Delivered | Rejected | Unavailable | OtherContent


class Target(Protocol):
    """One pôle application; safe to use from many threads."""

    def deliver(self, package: Package) -> Outcome:
        """Hand one package over."""
        ...

    def tidy(self, now: float) -> None:
        """Clear away what interrupted deliveries left; ``now`` in seconds since 1970.

        Raises:
            OSError: not now; it is asked again.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def receipt_of(text: str) -> str:
    """Keep of what an application says what may be stored and shown: short, printable."""
    return "".join(c if c.isprintable() else " " for c in text[:_MAX_RECEIPT]).strip()
