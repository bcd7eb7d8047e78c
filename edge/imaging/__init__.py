"""Pure: from the bytes of a source file to clean grey pages, and what marks them.

Values in, values out; no path, clock, random, logger or settings. What an image library
raises never leaves this package: callers see the ``ReadingError`` tree of ``edge.errors``.
"""
