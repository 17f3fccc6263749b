"""The households to visit, with what is open, settled and late."""
