"""One step of each cell, quantity by quantity, as its paper writes it."""
