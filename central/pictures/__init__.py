"""Pure: which image a page of a source file is, for whoever shows or delivers it."""
