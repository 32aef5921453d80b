"""HEIF with HEVC, as telephones write it. Runs in the child."""

from __future__ import annotations

import io
from typing import Any

import pillow_heif
import pyvips

from courtcast.prepare.leaves import encode
from courtcast.prepare.leaves.frame import Size


class Heif:
    """One of the pictures in a file; the file's own turning is done by the decoder."""

    def __init__(self, image: Any) -> None:
        self._image = image
        self.size = Size(*image.size)
        self.info: dict[str, Any] = image.info

    def picture(self) -> Any:
        """All of it, decoded. Raises what the library raises."""
        image = self._image
        bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[image.mode]
        row = image.size[0] * bands
        pixels = bytes(image.data)
        if image.stride != row:
            lines = memoryview(pixels)
            pixels = b"".join(lines[at : at + row] for at in range(0, image.stride * image.size[1], image.stride))
        picture = encode.in_memory(image.size[0], image.size[1], bands, pixels)
        if profile := image.info.get("icc_profile"):
            picture.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
        return picture


def open_heif(data: bytes) -> list[Heif]:
    """The pictures that a viewer would list, the one that the file names first."""
    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True, bgr_mode=False)
    found = list(file)
    first = file.primary_index
    return [Heif(image) for image in (found[first], *found[:first], *found[first + 1 :])]
