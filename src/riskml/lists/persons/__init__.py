"""The persons in the register, and which of them a row of a list is about."""
