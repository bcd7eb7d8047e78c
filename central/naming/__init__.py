"""The queue of documents to be named, and turning, splitting, joining pages."""
