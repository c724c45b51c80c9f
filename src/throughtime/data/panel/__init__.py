"""Panels: many series seen over time, what is learned from and forecast."""
