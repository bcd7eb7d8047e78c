"""Which documents are due when, and when queues will be empty."""
