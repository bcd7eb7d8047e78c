"""Measured figures: ``python -m tests.bench`` prints them all."""
