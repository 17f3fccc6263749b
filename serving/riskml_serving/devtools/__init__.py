"""Tools of developers, absent from the production image: benchmarks, page times and the gallery of pages."""
