"""The REST API: a package or module for each resource, and the code that they share."""
