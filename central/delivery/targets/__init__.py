"""Pôle applications as delivery sees them; tests/central/delivery/test_targets.py tries each."""
