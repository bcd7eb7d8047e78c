"""The pages on which people name and key."""
