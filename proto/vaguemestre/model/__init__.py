"""What both sides speak of: documents, lots, forms, the plan, values, days. Frozen and pure."""
