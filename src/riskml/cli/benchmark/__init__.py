"""Commands that measure again what the README states."""
