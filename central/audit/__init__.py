"""The trail of acts, for auditors."""
