"""Entry point of ``vaguemestre-edge``; its commands are in ``edge.cli``."""

import sys

from edge.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
