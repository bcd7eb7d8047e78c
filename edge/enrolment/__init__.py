"""Pure: a form's definition from a few samples of it, for a person to check."""
