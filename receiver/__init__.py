"""The screen appliance: announces itself, pairs, and relays between presenter and page."""
