"""The commands of the presenter. Every error is one clear line on stderr and a non-zero exit."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from courtcast.problems import Refused
from courtcast.settings import DEFAULT_PORT, Settings, default_data, parse_network

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def _network(text: str) -> Any:
    try:
        return parse_network(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a network like 192.0.2.0/24") from None


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (0 to 65535)")
    return int(text)


def _proxy(text: str) -> str:
    from courtcast.evidence.proxy import SYSTEM, Proxy

    try:
        return text if text == SYSTEM or Proxy.parse(text) else ""
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a proxy like http://proxy.example:8080") from None


def _way_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--proxy", type=_proxy, metavar="URL", help="fetch links through this proxy; 'system' takes the one set here"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="believe in this authority too (PEM), for links and nothing else"
    )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"{text} is not a header like 'Name: value'")
    return name.strip(), value.strip()


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text} is not a time like 2026-11-30T16:30") from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds") from None


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=default_data(), metavar="DIR", help="the presenter's data folder")


def _hearing(parser: argparse.ArgumentParser, says: str) -> None:
    parser.add_argument("--hearing", metavar="ID|CASE", help=f"{says} (its id or its case)")


def _add_record(commands: Any) -> None:
    """The commands about the record, and about how long evidence is kept."""
    audit = commands.add_parser("audit", help="the record: check an export of it, or export it")
    what = audit.add_subparsers(dest="what", required=True, metavar="verify|export")
    verify = what.add_parser("verify", help="checks an exported record; 1 and the first bad entry if it was touched")
    verify.add_argument("file", metavar="FILE", help="- reads from standard input")
    verify.add_argument("--key", metavar="K", help="the key that was printed: it has to be of that presenter")
    verify.add_argument("--head", metavar="H", help="the head that was printed: that entry has to be in it")
    export = what.add_parser("export", help="writes the record, with or without a running presenter")
    _data(export)
    export.add_argument("--out", default="-", metavar="FILE", help="where to; standard output otherwise")

    purge = commands.add_parser("purge", help="removes exhibits' files for good, now or by itself later")
    _data(purge)
    purge.add_argument("refs", nargs="*", metavar="REF", help="references, like JM/1")
    purge.add_argument("--all", action="store_true", help="all exhibits, of all hearings where none is named")
    _hearing(purge, "only of that one")
    purge.add_argument("--added-before", type=_moment, metavar="TIME", help="those added before, like 2026-11-30")
    purge.add_argument("--after", type=_moment, metavar="TIME", help="by itself, from then on, while a presenter runs")
    purge.add_argument("--keep", action="store_true", help="not by itself any more")


def _add_bundles(commands: Any) -> None:
    """A hearing goes out and comes in."""
    export = commands.add_parser("export", help="writes a hearing as one sealed bundle: a zip, or a folder")
    _data(export)
    export.add_argument("out", type=Path, metavar="OUT", help="NAME.zip, or the name of a new folder")
    export.add_argument("--hearing", metavar="H", help="its id, or its case; the open one otherwise")
    export.add_argument("--no-remarks", action="store_true", help="without what people noted for themselves")

    import_ = commands.add_parser("import", help="takes in a bundle that was made by export, checked before use")
    _data(import_)
    import_.add_argument("bundle", type=Path, metavar="BUNDLE", help="the zip or the folder")
    import_.add_argument("--key", metavar="K", help="it has to be sealed with this key, as it was printed")
    import_.add_argument("--check", action="store_true", help="only checks it, and says what is in it")


def _add_doctor(commands: Any) -> None:
    doctor = commands.add_parser("doctor", help="what is missing on this machine, in plain words")
    _data(doctor)
    doctor.add_argument("--chromium", type=Path, metavar="PROGRAM")
    _way_out(doctor)
    doctor.add_argument(
        "--screen", action="append", default=[], metavar="ADDRESS", help="look for a screen there too (again for more)"
    )
    doctor.add_argument(
        "--case", action="store_true", help="check the case: links, copies, what is prepared (the presenter has to run)"
    )
    doctor.add_argument(
        "--room",
        action="store_true",
        help="check the room: screens, lines, running order (the presenter has to run)",
    )
    doctor.add_argument(
        "--until",
        type=_moment,
        metavar="TIME",
        help="end of the hearing, like 2026-11-30T16:30; else a day from now",
    )
    doctor.add_argument("--seconds", type=_seconds, metavar="N", help="how long lines are measured, 10 otherwise")


def build_parser() -> argparse.ArgumentParser:
    """All commands and options; the documents are tested against it."""
    parser = argparse.ArgumentParser(
        prog="courtcast", description="Evidence from a link onto the screens of a courtroom, sent ahead, exactly."
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say more in the log")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="everything on this machine: a presenter, two screens, the remote")
    demo.add_argument("urls", nargs="*", metavar="URL", help="links to show instead of the sample evidence")
    demo.add_argument(
        "--headless", action="store_true", help="run the screens without a desktop, once through, and end"
    )
    demo.add_argument("--no-browser", action="store_true", help="only print the addresses")
    demo.add_argument("--pictures", type=Path, metavar="DIR", help="where the pictures of the screens are put")
    demo.add_argument("--chromium", type=Path, metavar="PROGRAM", help="the browser for the screens")
    demo.add_argument("--allow-network", type=_network, action="append", default=[], metavar="CIDR")

    serve = commands.add_parser("serve", help="the presenter; prints the address of the remote")
    _data(serve)
    serve.add_argument("--host", default="127.0.0.1", help="address of the remote; HTTPS where it is not loopback")
    serve.add_argument("--port", type=_port, default=DEFAULT_PORT, help="0 takes a free one")
    serve.add_argument("--name", default="courtcast", help="what the screens call this presenter")
    serve.add_argument(
        "--allow-network", type=_network, action="append", default=[], metavar="CIDR",
        help="let links lead into this network beside public addresses (again for more)",
    )  # fmt: skip
    _way_out(serve)
    serve.add_argument(
        "--interface", action="append", default=[], metavar="ADDRESS",
        help="own address to reach the screens from (again for more; default all)",
    )  # fmt: skip
    serve.add_argument("--cert", type=Path, metavar="FILE", help="certificate for HTTPS (PEM); one is made otherwise")
    serve.add_argument("--key", type=Path, metavar="FILE", help="its key (PEM)")

    token = commands.add_parser("token", help="prints an API bearer token")
    _data(token)
    token.add_argument("--role", choices=("clerk", "advocate", "viewer"), required=True)
    token.add_argument("--name", default="", help="whose it is; stands in the record")

    add = commands.add_parser("add", help="adds exhibits from links, files or a list, with a progress bar for each")
    _data(add)
    add.add_argument(
        "url", nargs="+", metavar="URL|FILE",
        help="a file is sent to the presenter, which has to run; a .csv is a list of exhibits, and has not to",
    )  # fmt: skip
    _hearing(add, "where to; else the open one")
    add.add_argument("--ref", help="reference, like JM/1")
    add.add_argument("--title", help="what it is")
    add.add_argument("--sha256", help="refuse it where the file has another hash")
    add.add_argument(
        "--restricted", action="store_true", help="no screen is sent it before it is cued, and none keeps it"
    )
    add.add_argument(
        "--header", type=_header, action="append", default=[], help="'Name: value', sent to its server only"
    )
    add.add_argument("--allow-network", type=_network, action="append", default=[], metavar="CIDR")
    _way_out(add)

    listed = commands.add_parser("list", help="what there is, with or without a running presenter")
    _data(listed)
    _hearing(listed, "of that one, or of 'all'; else of the open one")
    listed.add_argument("--json", action="store_true", help="as the API has them")

    _add_record(commands)

    _add_bundles(commands)
    _add_doctor(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of the console script."""
    args = build_parser().parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if args.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for chatty in ("aioice", "aiortc", "asyncio", "zeroconf"):
        logging.getLogger(chatty).setLevel(logging.INFO if args.verbose else logging.ERROR)
    try:
        status = asyncio.run(_command(args))
    except Refused as problem:
        print(f"courtcast: {problem.detail}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    raise SystemExit(status)


def _command(args: argparse.Namespace) -> Coroutine[Any, Any, int]:
    """The command's coroutine. Imports stand here, since `--help` and `token` need not load the media libraries."""
    match args.command:
        case "serve":
            from courtcast.app import serve

            settings = Settings(
                data=args.data,
                host=args.host,
                port=args.port,
                name=args.name,
                allow_networks=tuple(args.allow_network),
                proxy=args.proxy,
                ca=args.ca,
                interfaces=tuple(args.interface),
                cert=args.cert,
                key=args.key,
            )
            return serve(settings)
        case "token":
            from courtcast.tool import token

            return token(args.data, args.role, args.name)
        case "add":
            from courtcast.tool import add

            return add(
                args.data,
                args.url,
                ref=args.ref,
                title=args.title,
                sha256=args.sha256,
                restricted=args.restricted,
                hearing=args.hearing,
                headers=dict(args.header),
                allow_networks=tuple(args.allow_network),
                proxy=args.proxy,
                ca=args.ca,
            )
        case "list":
            from courtcast.listed import listed

            return listed(args.data, hearing=args.hearing, as_json=args.json)
        case "audit":
            from courtcast.audit import audit_export, audit_verify

            if args.what == "verify":
                return audit_verify(args.file, args.key, args.head)
            return audit_export(args.data, args.out)
        case "export":
            from courtcast.bundles import export

            return export(args.data, args.out, hearing=args.hearing, remarks=not args.no_remarks)
        case "import":
            from courtcast.bundles import check, take_in

            return check(args.bundle, args.key) if args.check else take_in(args.data, args.bundle, args.key)
        case "purge":
            from courtcast.audit import purge

            return purge(
                args.data,
                args.refs,
                everything=args.all,
                hearing=args.hearing,
                added_before=args.added_before,
                after=0.0 if args.keep else args.after,
            )
        case "doctor":
            from courtcast.doctor import doctor

            return doctor(
                args.data,
                args.chromium,
                args.screen,
                proxy=args.proxy,
                ca=args.ca,
                case=args.case,
                room=args.room,
                until=args.until,
                seconds=args.seconds,
            )
        case _:
            from courtcast.demo.run import demo

            return demo(
                args.urls,
                headless=args.headless,
                no_browser=args.no_browser,
                pictures=args.pictures,
                chromium=args.chromium,
                allow_networks=tuple(args.allow_network),
            )


if __name__ == "__main__":
    main()
