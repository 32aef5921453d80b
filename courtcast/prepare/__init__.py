"""Spool to fragments: probe, plan, re-wrap, in one caged child per exhibit."""
