"""What a run can be asked about itself: why it forgot, what it remembers, what its gates did."""
