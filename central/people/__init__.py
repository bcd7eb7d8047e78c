"""Accounts as administrators keep them."""
