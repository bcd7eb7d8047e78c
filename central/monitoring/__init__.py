"""The board, sites and lots, and figures for Prometheus."""
