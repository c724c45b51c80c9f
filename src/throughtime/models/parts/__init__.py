"""The parts that whole nets are made of."""
