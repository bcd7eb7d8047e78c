"""What every queue has: documents that are taken, held, drafted and let go of."""
