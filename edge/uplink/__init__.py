"""The only door to gRPC on the edge: sends the spool's documents to the centre."""
