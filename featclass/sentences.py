"""What values say in words, made when they are shown."""

from __future__ import annotations

import math

from featclass.records import Report

LEAST_REFUSED = 0.5
"""Of simulated strangers: below this, "none of these" cannot be relied on."""


def percent(share: float) -> str:
    """Return a share in whole percent: "100 %" of all alone, "0 %" of none alone."""
    whole = round(100 * share)
    if share < 1:
        whole = min(whole, 99)
    if share > 0:
        whole = max(whole, 1)
    return f"{whole} %"


def between(interval: tuple[float, float]) -> str:
    """Return an interval in whole percent, rounded outwards: it never promises too much."""
    # 1e-9 undoes float dust.
    low, high = math.floor(100 * interval[0] + 1e-9), math.ceil(100 * interval[1] - 1e-9)
    return f"{low} to {high} %"


def refusing(report: Report) -> str:
    """Return that pictures of something else would be taken for a class; nothing where not."""
    if report.refuses is None or report.refuses >= LEAST_REFUSED:
        return ""
    return (
        f"Only about {percent(report.refuses)} of pictures that show something else would be taken"
        " for none of the classes: pictures in a class that do not belong there may be why."
    )
