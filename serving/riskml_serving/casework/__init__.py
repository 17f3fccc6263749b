"""What staff do for a household on the list: they visit it, decide, and name a helper. Each step has a deadline."""
