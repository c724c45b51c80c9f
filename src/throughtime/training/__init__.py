"""The training room: one loop, its options, checkpoints, schedule and reporters; it knows no model and no task."""
