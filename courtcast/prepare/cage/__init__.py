"""Parsers of strangers' files run in a cage: a process of their own that can be lost without losing anything else.

`keeper` is the parent's side, `confine` what the child does to itself. All that is bound to one system is here.
"""
