"""How times are written, and what they are as whole numbers."""
