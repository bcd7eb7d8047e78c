"""``python -m edge.pipeline.workers FD``: one reading process (edge/pipeline/workers/handle.py)."""

from edge.pipeline.workers.process import main

main()
