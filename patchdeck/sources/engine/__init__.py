"""Reading a Docker-compatible engine: its events, its containers and images, and how fast it answers."""
