"""Fragments to screens: discovery, pairing, signalling, paths and the pump."""
