"""Many households at once: read as Arrow tables by a separate process, scored range by range."""
