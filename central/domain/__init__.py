"""Pure rules of the centre: lifecycle, routing, retry, delays."""
