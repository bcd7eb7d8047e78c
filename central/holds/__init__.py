"""Deliveries that people keep back."""
