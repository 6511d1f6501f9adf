"""Reading what Prometheus knows of the engines' hosts and containers."""
