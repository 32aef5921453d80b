"""The HTTP API, the events and the pages of the remote."""
