"""The presenter service: fetches evidence, sends it ahead to the screens, and answers the remote."""
