"""All that happened to a document."""
