"""Registries: what an image reference names, who we are to a registry, and what it knows of an image."""
