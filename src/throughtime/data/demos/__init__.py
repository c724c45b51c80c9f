"""The data of the demos, made of what is on the machine."""
