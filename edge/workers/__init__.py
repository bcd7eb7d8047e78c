"""Reading in processes of their own; see ``edge.workers.pool``."""

from edge.workers.pool import Workers
from edge.workers.progress import Progress
from edge.workers.task import Failure, WorkerSettings

__all__ = ["Failure", "Progress", "WorkerSettings", "Workers"]
