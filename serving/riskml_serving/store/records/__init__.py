"""Storage of the contract's tables."""
