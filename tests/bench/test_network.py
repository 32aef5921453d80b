"""The emulator between real network namespaces: rate, delay and loss are what was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.net import measure
from bench.net.line import Conditions
from bench.net.network import Network, missing

pytestmark = [pytest.mark.namespaces, pytest.mark.alone]


@pytest.fixture
def network() -> Iterator[Network]:
    if (why := missing()) is not None:
        pytest.skip(f"network namespaces: {why}")
    with Network(hosts=2) as made:
        yield made


@pytest.mark.long
def test_delay_rate_and_loss_are_what_was_asked_for(network: Network) -> None:
    free = measure.run(network, 20, Conditions(rate=40e6, delay=0.02), seconds=1.0)
    assert free["carried"] == 1.0
    assert -0.1 < free["off p1"] < 5
    assert free["off median"] < 5

    narrow = measure.run(network, 20, Conditions(rate=10e6, delay=0.02, buffer=0.05), seconds=2.0)
    assert narrow["carried"] == pytest.approx(0.5, abs=0.08)
    assert 40 < narrow["off median"] < 60, "the buffer is full"

    lossy = measure.run(network, 20, Conditions(loss=0.1, burst=4, delay=0.005), seconds=2.0)
    assert lossy["carried"] == pytest.approx(0.9, abs=0.05)

    cut = measure.run(network, 20, Conditions(down=True), seconds=0.3)
    assert cut["carried"] == 0.0


def test_hosts_of_one_side_share_the_line_and_the_way_back_is_another(network: Network) -> None:
    """The second pair of hosts reaches each other too; what goes out does not count on the way back."""
    network.set(out=Conditions(delay=0.01), back=Conditions(delay=0.03))
    before = network.counts()
    found = measure.run(network, 5, Conditions(delay=0.01), pair=1, seconds=0.5)
    after = network.counts()
    assert found["carried"] == 1.0
    assert after.out.packets - before.out.packets >= found["packets"]
    assert after.back.packets - before.back.packets < 5
