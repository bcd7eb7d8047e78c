"""The network that tells handwriting."""
