"""Fields that people key: rules and their storing."""
