"""The commands of the presenter."""


def main() -> None:
    raise SystemExit(2)
