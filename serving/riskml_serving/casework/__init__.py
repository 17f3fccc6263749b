"""What staff do about a household on the list: verify it, look after it, each by a deadline."""
