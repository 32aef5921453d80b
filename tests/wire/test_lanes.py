"""Text passes media, nothing else passes anything, and neither lane grows without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from courtcast.wire.lanes import TEXT_MOST, TEXTS_MOST, LaneFull, Lanes

MOST = 1000
TEXT = st.tuples(st.just("text"), st.sampled_from([0, 1, 5000, TEXT_MOST // 2, TEXT_MOST, 2 * TEXT_MOST]))
PIECE = st.tuples(st.just("piece"), st.integers(0, 1), st.sampled_from([1, 100, 400, MOST, MOST + 1]))
ACTIONS = st.lists(st.one_of(TEXT, PIECE, st.just(("take",)), st.tuples(st.just("drop"), st.integers(0, 1))))


@given(ACTIONS)
def test_order_and_bounds(actions: list[tuple[object, ...]]) -> None:
    lanes = Lanes(MOST)
    texts: list[str] = []
    pieces: list[tuple[int, bytes]] = []
    for count, action in enumerate(actions):
        match action:
            case ("text", int(size)):
                text = str(count).ljust(size, ".")
                fits = not texts or (len(texts) < TEXTS_MOST and sum(map(len, texts)) + len(text) <= TEXT_MOST)
                try:
                    lanes.put_text(text)
                except LaneFull:
                    assert not fits
                else:
                    assert fits
                    texts.append(text)
            case ("piece", int(path), int(size)):
                piece = bytes([count % 256]) * size
                fits = sum(len(one) for _, one in pieces) + size <= MOST
                try:
                    lanes.put_piece(path, piece)
                except LaneFull:
                    assert not fits
                else:
                    assert fits
                    pieces.append((path, piece))
            case ("take",):
                wanted = texts.pop(0) if texts else pieces.pop(0)[1] if pieces else None
                assert lanes.take() == wanted
            case ("drop", int(path)):
                lanes.drop(path)
                pieces = [one for one in pieces if one[0] != path]
        assert lanes.text_waiting == sum(map(len, texts))
        assert lanes.media_waiting == sum(len(piece) for _, piece in pieces) <= MOST
