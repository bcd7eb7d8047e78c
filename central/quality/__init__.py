"""Blind controls, sampling and error rates."""
