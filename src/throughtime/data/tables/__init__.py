"""Tables: rows of named cells become records, whatever file they come from."""
