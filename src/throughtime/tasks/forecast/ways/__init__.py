"""The two ways to forecast, and what both read of series."""
