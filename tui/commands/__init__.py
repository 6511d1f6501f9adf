"""One command line command per module; each module's `command` is the click command."""
