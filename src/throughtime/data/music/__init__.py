"""Music: tunes as notes, out of MIDI files and JSON, and back into them."""
