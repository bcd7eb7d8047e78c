"""``python -m central.rendering FD``: one process; central/rendering/runner.py starts it."""

from central.rendering.child import main

main()
