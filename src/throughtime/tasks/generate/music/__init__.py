"""What events and frames share: tunes that are read, gone on from, and drawn."""
