"""What every server of ours stands on: where it listens, who may speak to it, how much, and how it ends."""
