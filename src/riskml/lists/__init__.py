"""Turns lists from departments, as received, into rows of the contract about persons in the register."""
