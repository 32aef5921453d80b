"""One file per kind of link."""
