"""Pure: which type a page is, by its print, its lines and its look."""
