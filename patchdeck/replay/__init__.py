"""Playing a recording: the same observations, at a pace of one's own, into the same fold."""
