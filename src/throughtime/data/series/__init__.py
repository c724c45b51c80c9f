"""Series in tables: a row for each step, or a row for each series; their columns, time stamps and gaps."""
