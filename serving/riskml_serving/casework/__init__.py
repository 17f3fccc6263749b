"""What staff do about a household on the list: they verify it and look after it, each by a deadline."""
