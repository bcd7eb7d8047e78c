"""What somebody has just sent, and taking it back."""
