"""Pages for the people at the centre."""
