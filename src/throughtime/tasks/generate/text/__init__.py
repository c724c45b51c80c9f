"""Text, as characters, bytes, words or pieces of words."""
