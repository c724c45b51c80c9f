"""Data in memory: pairs, texts, arrays and tables of other libraries, to records as those of files."""
