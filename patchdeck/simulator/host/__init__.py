"""The model of a host that starts containers: what they queue for, calibrated by a real engine, and its pressure."""
