"""What staff do for a household on the work list: visit it, decide its case, and name a helper, each by a deadline."""
