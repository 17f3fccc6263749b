"""What is stored as received: rows of the contract, and where each household lives now."""
