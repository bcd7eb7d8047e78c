"""Documents: their states, who works on them, reading and writing them."""
