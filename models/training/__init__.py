"""Drawing and training; never imported by edge or central."""
