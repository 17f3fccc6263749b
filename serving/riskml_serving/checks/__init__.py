"""Checks of requests beyond the types of their fields, shared by REST, pages and the desk; each names wrong fields."""
