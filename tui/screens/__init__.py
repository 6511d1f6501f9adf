"""One screen per file; each takes what is shown and gives it to its widgets."""
