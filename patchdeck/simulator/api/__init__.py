"""The Engine API over HTTP: requests in, calls, answers out."""
