"""``python -m central``: the command line of ``central/cli.py``."""

import sys

from central.cli import main

if __name__ == "__main__":
    sys.exit(main())
