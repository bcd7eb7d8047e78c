"""Signing in by password, one-time code or identity provider."""
