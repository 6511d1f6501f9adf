"""A laboratory on one machine: real engines, a registry, Prometheus, images and herds."""
