"""Reading in processes of their own; see ``edge.workers.pool``."""

from edge.workers.pool import Workers
from edge.workers.progress import Progress
from edge.workers.task import Failure, FilePages, WorkerSettings

__all__ = ["Failure", "FilePages", "Progress", "WorkerSettings", "Workers"]
