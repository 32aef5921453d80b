"""Photographs and documents: pictures that stand, leaf by leaf."""
