"""Changes of the plan, proposed, decided, applied and undone."""
