"""Many households at once: read as Arrow tables in a process of its own, judged together."""
