"""Takes documents in from stations over gRPC."""
