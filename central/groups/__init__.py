"""One field of many documents at once."""
