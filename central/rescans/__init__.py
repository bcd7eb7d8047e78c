"""Documents that are to be scanned again."""
