"""Music as events: a note begins or ends, time goes on, loudness changes."""
