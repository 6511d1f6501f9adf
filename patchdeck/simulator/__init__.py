"""An engine that is not there: Docker's Engine API on a Unix socket, over containers that are only kept account of."""
