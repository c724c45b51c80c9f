"""Memory tasks learned by any cell: which there are, what papers report of them, and what ours reach beside that."""
