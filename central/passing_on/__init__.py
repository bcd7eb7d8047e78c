"""Documents that somebody gives back, skips or sends on."""
