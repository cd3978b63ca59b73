"""Pictures of any mode as RGB, transparency on white, and embedded profiles as sRGB.

Phones and Macs save Display P3, cameras and photographers Adobe RGB and ProPhoto, printers CMYK:
shown without the profile, their pictures are paler than they are, or of other colours.
"""

from __future__ import annotations

import math
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from featclass.images.unreadable import HOSTILE

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

_STRIP: Final = 4 * 10**6


def rgb(picture: Image.Image, factor: int) -> Image.Image:
    """Convert and shrink by a whole factor.

    It goes in strips, so that only one full-size copy, the decoded one, is ever held.
    """
    if picture.mode == "RGB" and factor == 1 and not picture.has_transparency_data:
        return picture
    width, height = picture.size
    rows = max(1, _STRIP // (width * factor)) * factor
    shrunk = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height)))
        shrunk.paste(_strip_to_rgb(strip).reduce(factor), (0, top // factor))
    return shrunk


def _strip_to_rgb(strip: Image.Image) -> Image.Image:
    if strip.mode == "La":  # Pillow knows no other way from there
        strip = strip.convert("LA")
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = Image.new("RGB", strip.size, "white")
        white.paste(strip, mask=strip)
        return white
    return strip.convert("RGB")


LARGEST_PROFILE: Final = 4 * 10**6
"""Bytes; a printer's has some 500,000, a phone's 548."""
ALIKE: Final = 2
"""Levels by which a profile may differ from sRGB and still be one of its many variants."""

_SPACES: Final = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_STEPS: Final = 9
_LIGHTEST_BLACK, _DARKEST_WHITE = 90, 215
"""What is beyond makes a picture of none. A newspaper's ink and paper are not: lcms makes black of
the darkest up to L* 50, and white of the lightest."""
_MOST_KEPT: Final = 16


def srgb(picture: Image.Image, factor: int) -> Image.Image:
    """Convert as `rgb`, and to sRGB where the picture has a profile of other colours.

    A profile that is damaged, or meant for another kind of picture, is not heeded.
    """
    transform = _transform(picture)
    if transform is None:
        return rgb(picture, factor)
    if transform.input_mode == "CMYK":
        return transform.apply(picture.reduce(factor))
    shrunk = rgb(picture, factor)
    if transform.input_mode == "L":
        return transform.apply(shrunk.getchannel(0))
    transform.apply_in_place(shrunk)  # which may be the picture itself, that is opaque then
    return shrunk


def _transform(picture: Image.Image) -> ImageCmsTransform | None:
    """Return what brings the picture's colours to sRGB, or None where they are as good as that."""
    profile = picture.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 128 < len(profile) <= LARGEST_PROFILE:
        return None
    mode = _SPACES.get(profile[16:20])
    if mode is None or mode not in _meant_for(picture):
        return None
    return _made(profile, mode)


def _meant_for(picture: Image.Image) -> tuple[str, ...]:
    """Return the modes of the profiles that can belong to such a picture."""
    if picture.mode in ("CMYK", "LAB"):
        return (picture.mode,)
    # Programs leave the profile of a colour picture in place when they make it grey.
    return ("L", "RGB") if picture.mode.startswith(("1", "L", "I", "F")) else ("RGB",)


@lru_cache(_MOST_KEPT)
def _made(profile: bytes, mode: str) -> ImageCmsTransform | None:
    from PIL import ImageCms  # few pictures need it

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        # lcms remembers the last colour of flat drawings, which only costs time with photos.
        flags = ImageCms.Flags.NOCACHE
        transform = ImageCms.buildTransform(source, srgb, mode, "RGB", flags=flags)
        sample = _sample(mode)
        before, after = np.asarray(sample.convert("RGB")), np.asarray(transform.apply(sample))
    except (ImageCms.PyCMSError, *HOSTILE):
        return None
    is_plausible = after[0, 0].max() <= _LIGHTEST_BLACK and after[-1, -1].min() >= _DARKEST_WHITE
    change = np.abs(after.astype(np.int16) - before).max()
    return transform if is_plausible and (mode == "CMYK" or change > ALIKE) else None


def _sample(mode: str) -> Image.Image:
    """Return a picture of colours from all over the space, black the first, white the last.

    The black of inks is all four of them: on cheap paper three alone make a brown.
    """
    levels = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
    if mode == "L":
        return Image.fromarray(levels[None])
    colours = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    sample = Image.fromarray(colours.reshape(_STEPS, -1, 3))
    if mode == "CMYK":
        sample = sample.convert("CMYK")
        sample.putpixel((0, 0), (255, 255, 255, 255))
    return sample
