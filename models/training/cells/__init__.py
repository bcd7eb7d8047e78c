"""The network that reads the cells of combs."""
