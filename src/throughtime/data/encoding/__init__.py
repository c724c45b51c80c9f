"""Records become numbers: vocabularies, features, items, labels."""
