"""Music as frames: which keys sound at each step."""
