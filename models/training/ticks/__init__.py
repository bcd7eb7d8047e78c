"""The network that looks at tick boxes."""
