"""What stations and the centre share: the wire, the document model, the recognition pack."""
