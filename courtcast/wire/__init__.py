"""Every message, once: what presenter, screen, receiver and remote say to each other."""
