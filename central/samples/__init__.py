"""Labelled samples for training."""
