"""Pôle applications as dispatch sees them; every target passes tests/contract/test_targets.py."""
