"""Watched folders: which lots lie there, when one is complete, claiming it, letting it go."""
