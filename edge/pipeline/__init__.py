"""The recipe of a page and of a lot, and the processes in which pages are read."""
