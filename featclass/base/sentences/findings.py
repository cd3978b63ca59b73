"""What an audit found, a sentence a finding; names of classes stand in quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from featclass.base.sentences.numbers import percent


def wrong_label(label: str, suggested: str) -> str:
    """Say that an image of a class looks like another."""
    return f"Is labelled {label!r} and looks like {suggested!r}."


def copies(labels: Sequence[str], *, is_exact: bool) -> str:
    """Say that images show the same, given the label of each."""
    same = f"{len(labels)} pictures {'are the same' if is_exact else 'show nearly the same'}"
    names = sorted(set(labels))
    if len(names) == 1:
        return f"{same}."
    return f"{same}, and are labelled {' and '.join(map(repr, names))}: one label must be wrong."


def unlike_all(label: str) -> str:
    """Say that an image of a class resembles no other image."""
    return f"Resembles no other picture, of {label!r} or of any other class."


def give_away(
    cue: str, *, accuracy: float, chance: float, label: str, sharing: int, images: int
) -> str:
    """Say how often a cue alone is right; `sharing` of so many `images` of a class have theirs."""
    return (
        f"The {cue} alone names the right class in {percent(accuracy)} of the pictures (guessing:"
        f" {percent(chance)}): {sharing} of {images} pictures of {label!r} share theirs. The"
        " classifier may have learned that instead."
    )


def whole_score(cue: str, *, accuracy: float, chance: float) -> str:
    """Say that a cue alone is right so often that the score may be its doing."""
    return (
        f"The {cue} alone names the right class in {percent(accuracy)} of the pictures (guessing:"
        f" {percent(chance)}): the score may say nothing of what they show."
    )


def hard_to_see(kind: str, *, width: int, height: int, level: float, lost: str) -> str:
    """Say what is wrong with an image, by the kind of its fault.

    Args:
        kind: As `audit.quality` names it.
        width: In pixels.
        height: In pixels.
        level: Share of full brightness that nearly all of it stays below, or is above.
        lost: Where the picture is, of one of which nothing is left.
    """
    match kind:
        case "lost":
            return _LOST[lost]
        case "empty":
            return "Shows nothing but one even colour."
        case "too dark":
            bounds = f"99 % of it is below {percent(level)} of full brightness"
            return f"Is so dark that hardly anything can be seen ({bounds})."
        case "too bright":
            bounds = f"95 % of it is above {percent(level)} of full brightness"
            return f"Is so bright that hardly anything can be seen ({bounds})."
        case "blurred":
            return "Is blurred: nothing in it has a sharp edge."
        case "too small":
            return f"Is very small: {width} x {height} pixels."
        case "too long":
            times = f"{max(width, height) / min(width, height):.1f} times as long as wide"
            return f"Is {times}: only its middle is looked at."
    raise ValueError(f"No fault is called {kind!r}.")


def balance(images: Mapping[str, int], *, is_unbalanced: bool) -> str:
    """Say how even classes are, given the number of images of each."""
    if len(images) < 2:
        return "There are not two classes to compare."
    largest, smallest = max(images, key=lambda n: images[n]), min(images, key=lambda n: images[n])
    if images[largest] == images[smallest]:
        return f"Every class has {images[largest]} pictures."
    counts = f"{largest!r} has {images[largest]} pictures and {smallest!r} {images[smallest]}"
    if is_unbalanced:
        return f"{counts}: a guess at the larger class is right too often; add to the smaller."
    return f"{counts}: no class is three times as large as another."


_LOST = {
    "on white": "Is a white drawing on a transparent ground: on white, as featclass sees it,"
    " nothing is left; give it a dark background.",
    "in a later frame": "Is an animation whose first frame is blank, and featclass sees only that"
    " one; save a later frame as a picture.",
    "on a later page": "Holds several pages, and the first, the only one that featclass sees, is"
    " blank; save the page that shows something as a picture.",
}
