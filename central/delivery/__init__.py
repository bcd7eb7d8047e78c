"""Hands documents to pôle applications."""
