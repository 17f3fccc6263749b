"""The REST API: one package for each resource, with its endpoints and the types of its requests and responses."""
