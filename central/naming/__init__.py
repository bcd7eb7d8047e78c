"""Types that people give to documents, and turning, splitting, joining pages."""
