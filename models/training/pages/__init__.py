"""The network that recognises pages by their look."""
