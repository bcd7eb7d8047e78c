"""Pure: lines of text on a page, and what the networks are asked of them."""
