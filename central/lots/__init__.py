"""What became of the pages of a lot: its counts."""
