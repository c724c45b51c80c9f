"""Tables of series as they stand in files or memory: their columns, and what each of them is."""
