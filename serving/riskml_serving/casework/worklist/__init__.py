"""The households to visit, and which of them are open, settled or late."""
