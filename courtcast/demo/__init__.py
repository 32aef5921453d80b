"""The whole product on one machine: a presenter, two screens, sample evidence, the remote."""
