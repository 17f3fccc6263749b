"""Developer tools, which the production image leaves out: benchmarks, page times and the gallery of pages."""
