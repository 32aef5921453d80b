"""`pip install .` gives a product that runs from anywhere: the pages and templates travel in the wheel."""

from __future__ import annotations

import asyncio
import os
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


async def output(*args: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    process = await asyncio.create_subprocess_exec(
        *map(str, args), cwd=cwd, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(120):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


@pytest.fixture
async def wheel(tmp_path: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    await output(
        *pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ROOT, cwd=tmp_path
    )
    return next(tmp_path.glob("courtcast-*.whl"))


async def test_an_installed_wheel_holds_all_the_pages(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert not [name for name in names if name.startswith(("tests/", "bench/", "web/"))]
    script = (
        "import courtcast; from courtcast.wire.assets import Assets; a = Assets.find();"
        "print(courtcast.__file__, a.build, *sorted(a.paths('')), sep='\\n')"
    )
    # the folder of the wheel goes before the installed checkout
    env = {**os.environ, "PYTHONPATH": str(site)}
    file, build, *paths = (await output(sys.executable, "-c", script, cwd=tmp_path, env=env)).split("\n")
    assert file.startswith(str(site))
    here = (await output(sys.executable, "-c", script, cwd=ROOT)).split("\n")
    assert build == here[1]
    assert {"web/remote/main.js", "web/shared/wire.js", "receiver/screen/index.html"} <= set(paths)
    for module in ("courtcast.cli", "receiver.cli"):
        assert "usage" in await output(sys.executable, "-m", module, "--help", cwd=tmp_path, env=env)
