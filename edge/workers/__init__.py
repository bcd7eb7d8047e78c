"""Reading in confined processes of their own; see ``edge.workers.pool``."""

from edge.workers.checker import Checker
from edge.workers.pool import Desk, Workers
from edge.workers.progress import Progress
from edge.workers.task import Confinement, Failure, FilePages, WorkerSettings

__all__ = [
    "Checker",
    "Confinement",
    "Desk",
    "Failure",
    "FilePages",
    "Progress",
    "WorkerSettings",
    "Workers",
]
