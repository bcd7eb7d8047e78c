"""Pure image work: bytes to an upright grey page, its blanks and its separators."""
