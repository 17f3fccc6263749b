"""The register of households: where each one lives now, and so which callers may see it."""
