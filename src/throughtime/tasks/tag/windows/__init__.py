"""Series that may be longer than memory: packed as they are read, and learned from in windows, the state carried."""
