"""The recreate battery: container configurations, each patched and rolled back on a real engine."""
