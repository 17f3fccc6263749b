"""Many households at once: read as Arrow tables by a process of its own, judged range after range."""
