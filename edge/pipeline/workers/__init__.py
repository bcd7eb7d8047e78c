"""Reading in confined processes of their own; see ``edge.pipeline.workers.pool``."""

from edge.pipeline.workers.handle import Checker
from edge.pipeline.workers.messages import Confinement, Failure, FilePages, WorkerSettings
from edge.pipeline.workers.pool import LotWorkers, Workers
from edge.pipeline.workers.progress import Progress

__all__ = [
    "Checker",
    "Confinement",
    "Failure",
    "FilePages",
    "LotWorkers",
    "Progress",
    "WorkerSettings",
    "Workers",
]
