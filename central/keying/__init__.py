"""Fields that people key: their queue, rules and storing."""
