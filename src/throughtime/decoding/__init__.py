"""How texts are written with a network: a token for each of many rows at a time, drawn or searched for. NumPy alone."""
