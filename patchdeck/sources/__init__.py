"""Where observations come from: engines, the host's own pressure files, and later Prometheus and recordings.

A source reads and emits; it keeps no state that the screen shows and changes nothing that it watches.
"""
