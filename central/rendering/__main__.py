"""``python -m central.rendering JOB FD``: one process; central/rendering/process.py starts it."""

import socket
import sys

from central.rendering import binding_child, child

_JOBS = {"render": child.main, "bind": binding_child.main}

_JOBS[sys.argv[1]](socket.socket(fileno=int(sys.argv[2])))
