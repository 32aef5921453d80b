"""The room check and the test card over the whole chain: real presenter, receiver and browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from courtcast.demo.programs import Api
from courtcast.samples import make_clip
from courtcast.wire.api import Checks, RoomState
from tests.browser.luma import luma
from tests.chain.test_programs import command
from tests.stand import stand
from tests.stand_ins.evidence_server import serving

pytestmark = pytest.mark.browser


async def test_checked_set_up_and_black_again(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=4, width=640, height=360, bit_rate=1_000_000).read_bytes()
    async with serving({"clip.mp4": clip}) as server, stand(tmp_path, screens=1) as running:
        exhibit = await running.add(server.url("clip.mp4"), ref="JM/1")
        api, page = running.api, running.pages[0]

        await api.call("POST", "/checks/room", seconds=6)
        checks: Checks = await api.until(
            "the check to end", lambda: _checks(api), lambda state: state.room is not None, 20
        )
        assert checks.room is not None
        found = {finding.type for finding in checks.room.findings}
        # Other screens may be found on this machine's network; how busy the machine is shows in its lines and clocks.
        machine = {"line-uneven", "line-lossy", "line-slow", "clock-doubtful", "disk-tight", "screen-not-paired"}
        assert found - machine == {"line-measured-shortly", "wall-unknown"}, checks.room.findings
        says = {one.name: one.says for one in checks.room.looked}["Jury"]
        assert "plays all that is prepared" in says
        assert "display of 1280 × 720" in says
        assert any(said.startswith("its line carries") for said in says)
        assert any(said.startswith("its clock is known to") for said in says)
        status, out, _ = await command(
            "courtcast.cli", "doctor", "--data", running.folder / "presenter", "--room", "--seconds", "1"
        )
        assert status == 0, out
        assert "JM/1: " in out

        room = msgspec.json.decode(await api.call("POST", f"/screens/{running.ids[0]}/card"), type=RoomState)
        assert room.card is not None
        await running.until("the card", lambda screen: screen.report and screen.report.card)
        await asyncio.sleep(0.3)
        up = await luma(page)
        assert min(up.rows[0] + up.rows[-1] + up.column(0) + up.column(up.width - 1)) > 240
        await api.room("blank")
        await running.until("black", lambda screen: screen.report and screen.report.blank and not screen.report.card)
        assert await page.locator("#testcard").is_hidden()

        await api.call("POST", f"/screens/{running.ids[0]}/card")
        await running.until("the card", lambda screen: screen.report and screen.report.card)
        await running.cue_and_show(exhibit)
        assert await page.locator("#testcard").is_hidden()
        await api.room("blank")
        await running.until("black", lambda screen: screen.report and screen.report.blank)
        assert (await luma(page)).brightest == 0

        # Killed while the card is up: the page takes it down by itself.
        await api.call("POST", f"/screens/{running.ids[0]}/card")
        await running.until("the card", lambda screen: screen.report and screen.report.card)
        running.kill(running.presenter)
        await page.locator("#testcard").wait_for(state="hidden", timeout=6_000)


async def _checks(api: Api) -> Checks:
    return msgspec.json.decode(await api.call("GET", "/checks"), type=Checks)
