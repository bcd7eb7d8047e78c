"""The durable spool of a station; docs/spool.md states its invariants."""
