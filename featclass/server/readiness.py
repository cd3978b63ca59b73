"""Whether a workspace can predict: as it is now, soon, or perhaps; and what is in the way."""

from __future__ import annotations

from collections.abc import Sequence

from featclass.server.state import State, empty_sets, is_learned
from featclass.workspaces import LabelledSet, Workspace, without_own


def is_up_to_date(workspace: Workspace, state: State) -> bool:
    """Say whether there is a classifier of the sets as they are, also of what they are called."""
    return state.classifier is not None and is_learned(workspace, state)


def is_ready(workspace: Workspace, state: State) -> bool:
    """Say whether a picture tried is told something, now or soon."""
    if workspace.classifier is not None:
        return True
    if state.result is not None and (state.is_current or len(_teaching(workspace.sets)) < 2):
        # The names of other sets may do, where the encoder reads them.
        return state.classifier is not None and any(s.counted for s in workspace.sets)
    return len(_teaching(workspace.sets)) > 1


def may_be_ready(workspace: Workspace, state: State) -> bool:
    """Say whether it is ready, or a class without pictures may turn out to be known by name."""
    is_looked_into = state.result is None and state.is_busy
    by_name = any(s.counted for s in workspace.sets) and bool(empty_sets(workspace))
    return is_ready(workspace, state) or (is_looked_into and by_name)


def hindrance(workspace: Workspace, state: State) -> str:
    """Return why nothing is said of a picture tried, in a sentence; empty while it only waits."""
    if workspace.classifier is not None or state.classifier is not None:
        return ""
    if state.error:
        return state.error
    if not is_ready(workspace, state):
        return in_two_sets(workspace.sets)
    return "The encoder is still on its way." if state.waits_for else ""


def in_two_sets(sets: Sequence[LabelledSet]) -> str:
    """Return which set has no picture of its own, and what to do about it; nothing where all have.

    The newest such set is named: the others may be right once it is.
    """
    shared = without_own(sets)
    if not shared:
        return ""
    newest = next(labelled for labelled in reversed(sets) if labelled.id in shared)
    others = [other.name for other in shared[newest.id]]
    where = "one of the two" if len(others) == 1 else "all sets but one"
    end = "so that there are two sets to tell apart"
    if len(_teaching(sets)) > 1:
        end = "as a picture in two sets counts in neither"
    return (
        f"All pictures of {newest.name} are also in {' or '.join(others)}: remove them from"
        f" {where}, {end}."
    )


def _teaching(sets: Sequence[LabelledSet]) -> list[LabelledSet]:
    """Return the sets with a picture that is theirs alone."""
    shared = without_own(sets)
    return [labelled for labelled in sets if labelled.counted and labelled.id not in shared]
