"""From a service and an image to a plan: what was read of the engine in, decisions out, nothing changed."""
