"""Documents that pôles give back."""
