"""Sample pages, drawn: forms, letters, lots, paper."""
