"""Whole networks, one file per pattern of the field."""
