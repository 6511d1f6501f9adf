"""What the simulated engine knows, written as the Engine API writes it. Pure."""
