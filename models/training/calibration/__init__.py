"""Which doubts are accepted: measured."""
