"""What is learned from when: plans of batches and windows, and what is held out."""
