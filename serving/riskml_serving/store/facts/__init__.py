"""What staff learnt about households at the door, as rows of the contract that departments' rows correct."""
