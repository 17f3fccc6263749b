"""Other servers that do a part of the same work, each with its library's defaults and one worker."""
