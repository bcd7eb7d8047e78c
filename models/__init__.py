"""The recognition pack's sources: forms, plan, networks, and how they are trained."""
