"""What staff do with a household on the list: verify it, look after it, and by which day."""
