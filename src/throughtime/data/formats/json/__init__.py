"""JSON, however its records are put together: lines, arrays, columns, and what programs for annotation write."""
