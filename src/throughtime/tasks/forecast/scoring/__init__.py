"""How far forecasts were off, and how far they must be spread."""
