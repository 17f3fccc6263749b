"""The work list: who is to be visited, the most urgent first."""
