"""Where a command keeps networks that were cut at their first use."""

import contextlib
import os
import tempfile
from pathlib import Path

from edge import config


def cache_dir(stack: contextlib.ExitStack) -> Path:
    """The user's cache, else a folder that goes when the stack is left."""
    cache = config.user_cache_dir()
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        if os.access(cache, os.W_OK):
            return cache
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vaguemestre-")))
