"""The command line and the Textual app: everything that knows there is a terminal."""
