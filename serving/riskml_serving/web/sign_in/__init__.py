"""Signing in and out, with a password or at an OpenID provider."""
