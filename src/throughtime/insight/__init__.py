"""Looking into a network: why it forgot, what it remembers, what each gate did."""
