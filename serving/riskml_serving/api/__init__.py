"""The REST API: a room for each resource, with its endpoints and the types of its requests and responses."""
