"""The network that reads lines."""
