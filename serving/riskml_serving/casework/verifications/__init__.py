"""What staff found at the door."""
