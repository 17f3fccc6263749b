"""Commands of developers."""
