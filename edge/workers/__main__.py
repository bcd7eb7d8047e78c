"""``python -m edge.workers FD``: one reading process; started by ``edge.workers.handle``."""

from edge.workers.child import main

main()
