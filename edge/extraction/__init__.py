"""Pure reading: from an upright page to a type and fields; recognition comes in as ``Readers``."""
