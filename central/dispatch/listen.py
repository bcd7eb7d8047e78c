"""Listens to the database and rings the bell, so that an idle centre delivers at once.

Notifications are a hint: workers look by themselves every now and then, so that one lost while
the connection is made anew delays a delivery and no more.
"""

import threading

from central.dispatch.wake import Bell
from central.errors import CentralError
from central.events import Events
from central.store.engine import Engine
from central.store.listen import Listener

_LOOK_UP_EVERY_S = 0.5
_PAUSE_AFTER_ERROR_S = 2.0


def run(engine: Engine, bell: Bell, events: Events, stop: threading.Event) -> None:
    """Listen until ``stop`` is set; then ring once more, for those who sleep."""
    while not stop.is_set():
        try:
            with Listener(engine) as listener:
                bell.ring()  # what was told before is found by looking
                while not stop.is_set():
                    if listener.wait(_LOOK_UP_EVERY_S):
                        bell.ring()
        except CentralError as error:
            events.failed(error.code, part="listen")
            stop.wait(_PAUSE_AFTER_ERROR_S)
        except Exception as error:
            events.crashed("listen", error)
            stop.wait(_PAUSE_AFTER_ERROR_S)
    bell.ring()
