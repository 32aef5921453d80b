"""Pictures as a display shows them: sRGB with 8 bits, upright, over white where one can see through."""

from __future__ import annotations

from typing import Any

import pyvips

WHITE = 255
"""What lies behind where a picture can be seen through: paper, as viewers and printers have it. On black, black writing
of a drawing would not be seen."""


def displayed(picture: Any) -> Any:
    """Colours and depth; the size and the way it is turned stay."""
    return opaque(_srgb(picture))


def opaque(picture: Any) -> Any:
    """Over white where it has a mask."""
    if not picture.hasalpha():
        return picture
    flat = picture.flatten(background=[WHITE] * (picture.bands - 1))
    return flat if flat.format == "uchar" else flat.cast("uchar")


def see_through(picture: Any) -> bool:
    """Whether any pixel lets something through. Decodes all of it."""
    return bool(picture.hasalpha()) and picture[picture.bands - 1].min() < (
        65535 if picture.format == "ushort" else 255
    )


def _srgb(picture: Any) -> Any:
    if picture.get_typeof("icc-profile-data"):
        try:
            return picture.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True)
        except pyvips.Error:
            picture = picture.copy()
            picture.remove("icc-profile-data")
    if picture.interpretation == "cmyk":
        return picture.icc_transform("srgb", input_profile="cmyk", intent="relative", black_point_compensation=True)
    grey = picture.bands < 3
    return picture.colourspace("b-w" if grey else "srgb").cast("uchar")
