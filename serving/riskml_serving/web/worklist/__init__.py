"""The work list: which households to visit, the most urgent first."""
