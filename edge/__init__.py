"""The edge agent: takes scans at a site, reads them, and sends routed documents to the centre."""
