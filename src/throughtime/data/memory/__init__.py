"""Memory tasks: sources that make item i from a seed and i. NumPy alone; the ordinary tasks learn them."""
