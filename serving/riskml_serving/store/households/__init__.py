"""The register of households and where each lives now, against which a caller's region is checked."""
