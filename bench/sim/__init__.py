"""The buffer's policy alone, over traces of real lines: `make bench-sim`."""
