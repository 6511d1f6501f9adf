"""What the console draws: one widget per file; values in, strips out."""
