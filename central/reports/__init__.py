"""Reports for a period, on the page and as files."""
