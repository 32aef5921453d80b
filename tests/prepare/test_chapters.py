"""Chapters: as the file names them, in media time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared


def chaptered(path: Path, folder: Path, titles: list[tuple[str, float, float]], start: Fraction) -> Path:
    """A recording that begins so late in its file's own time, with these chapters."""
    plain = make(folder / "plain.mkv", Recipe(frames=90, video_start=start, audio=None))
    with av.open(str(plain)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        out.set_chapters(
            [
                {
                    "id": n, "start": int(begin * 1000), "end": int(end * 1000), "time_base": Fraction(1, 1000),
                    "metadata": {"title": title} if title else {},
                }
                for n, (title, begin, end) in enumerate(titles, 1)
            ]
        )  # fmt: skip
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return path


def test_chapters_of_a_matroska_file(shared_media: Path) -> None:
    chapters = prepared(shared_media / "video" / "chapters_444.mkv").looked.chapters
    assert chapters
    assert chapters[0].start == 0
    assert all(chapter.title and chapter.start <= chapter.end for chapter in chapters)


def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    titles = [("Door\n\x07bell", 5.0, 6.0), ("", 6.0, 7.5), ("x" * 5000, 7.5, 8.0), ("before it all", 0.0, 4.5)]
    chapters = prepared(chaptered(tmp_path / "late.mkv", tmp_path, titles, Fraction(5))).looked.chapters
    assert [(c.title[:20], round(c.start, 3), round(c.end, 3)) for c in chapters] == [
        ("Door bell", 0.0, 1.0), ("Chapter 2", 1.0, 2.5), ("x" * 20, 2.5, 3.0)
    ]  # fmt: skip
    assert len(chapters[2].title) == 100


def test_more_than_anybody_reads_are_cut_off(tmp_path: Path) -> None:
    titles = [(f"{n}", n / 1000, (n + 1) / 1000) for n in range(700)]
    looked = prepared(chaptered(tmp_path / "many.mkv", tmp_path, titles, Fraction(0))).looked
    assert len(looked.chapters) == 500
