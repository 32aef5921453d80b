"""The programs of the bench: told what to do by lines of JSON, each answered with one line.

The lines go through pipes between the namespaces, so that signalling takes nothing of the line that is measured.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.net.network import ROOT, Machine

ANSWER = 30.0
"""Seconds for an answer, unless the question says that it takes longer."""
STOP = 10.0


def module(name: str, *arguments: str) -> list[str]:
    """The command for one of our own."""
    return [sys.executable, "-m", name, *arguments]


class ProgramFailed(RuntimeError):
    """A program ended, or did not answer in time. Its log is in the text."""


class Program:
    """Context manager. One program, running on a machine."""

    def __init__(
        self, machine: Machine, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                machine.command(*command),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environment,
            )  # fmt: skip
        self.pid = self._process.pid
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()  # no more questions: that ends it
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, do: str, *, within: float = ANSWER, **fields: object) -> Any:
        """What it answers."""
        self.tell(do, **fields)
        return self.hear(within)

    def tell(self, do: str, **fields: object) -> None:
        """Asks without waiting: `hear` gives the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ProgramFailed(self._said("ended")) from None

    def hear(self, within: float = ANSWER) -> Any:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(within):
                    raise ProgramFailed(self._said(f"no answer within {within:.0f} s"))
                more = self._process.stdout.read1(1 << 20)  # type: ignore[attr-defined]
                if not more:
                    raise ProgramFailed(self._said("ended"))
                self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        answer = json.loads(line)
        if isinstance(answer, dict) and "failed" in answer:
            raise ProgramFailed(self._said(str(answer["failed"])))
        return answer

    def _said(self, what: str) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"{self._log.stem}: {what}", *lines])
