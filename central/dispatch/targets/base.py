"""What every target promises.

``deliver`` never raises for an expected outcome. Delivering the same package again, after a
crash or in doubt, changes nothing at the application and is ``Delivered`` again.
"""

from dataclasses import dataclass
from typing import Protocol

from central.dispatch.package import Package


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
    """The application cannot take it now; ``retry_after_s`` is what it asked for, or 0."""

    code: str
    reason: str
    retry_after_s: float = 0.0


Outcome = Delivered | Rejected | Unavailable


class Target(Protocol):
    """One pôle application."""

    def deliver(self, package: Package) -> Outcome:
        """Hand one package over."""
        ...
