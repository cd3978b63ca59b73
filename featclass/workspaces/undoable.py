"""What a person does to the pictures of a workspace, as it can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from featclass.workspaces import accepted, acts, removals, standing, undoing
from featclass.workspaces.database import Database, doer, find
from featclass.workspaces.records import Act


class Undoable:
    """The acts of `Workspaces`: each gives what can be undone, None where nothing changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def move_picture(self, token: str, picture_id: int, set_id: int) -> Act | None:
        """Move one picture, as `move_pictures` does."""
        return self.move_pictures(token, [picture_id], set_id)

    def move_pictures(self, token: str, picture_ids: Sequence[int], set_id: int) -> Act | None:
        """Put pictures last into a set; each only leaves its place where the set has it already.

        One act, whatever their number; None where all are in that set.
        """
        with self._database.change(token) as change:
            return standing.move(change, picture_ids, set_id)

    def move_to_new_set(self, token: str, picture_ids: Sequence[int], name: str) -> Act | None:
        """Move pictures to the set of this name, made where there is none, as `set_named` does.

        Undoing takes a set made for the move along, unless it was used otherwise meanwhile.
        """
        with self._database.change(token) as change:
            return standing.move_to_new(change, picture_ids, name)

    def none_of_these(self, token: str, picture_ids: Sequence[int]) -> Act | None:
        """Say of pictures tried, or of sets, that they show none of the sets.

        They move to `Workspace.strangers`, as `move_pictures` would move them, and leave every
        set that has them. One act, whatever their number; None where all are there.
        """
        with self._database.change(token) as change:
            return standing.none_of_these(change, picture_ids)

    def leave_out(self, token: str, picture_id: int, reason: str = "") -> Act | None:
        """Leave out one picture, as `leave_out_pictures` does."""
        return self.leave_out_pictures(token, [picture_id], reason)

    def leave_out_pictures(
        self, token: str, picture_ids: Sequence[int], reason: str = ""
    ) -> Act | None:
        """Let pictures of sets stay there without counting; None where none counts already."""
        with self._database.change(token) as change:
            return standing.leave_out(change, picture_ids, reason)

    def take_back(self, token: str, picture_id: int) -> Act | None:
        """Let a picture that was left out count again; None where it does."""
        with self._database.change(token) as change:
            return standing.take_back(change, picture_id)

    def accept(self, token: str, key: str, about: str = "") -> Act | None:
        """Remember of a finding that it is fine, by its key; None where that is so already.

        `about` names it in the words of the act: "Said that ... is fine".
        """
        with self._database.change(token) as change:
            return accepted.accept(change, key, about)

    def withdraw(self, token: str, key: str, about: str = "") -> Act | None:
        """Forget that a finding is fine; None where nobody said so."""
        with self._database.change(token) as change:
            return accepted.withdraw(change, key, about)

    def remove_picture(self, token: str, picture_id: int) -> Act:
        """Remove a picture; asked once more, gives the same act."""
        with self._database.change(token) as change:
            return removals.remove_picture(change, picture_id)

    def remove_pictures(self, token: str, picture_ids: Sequence[int]) -> Act | None:
        """Remove pictures in one act; None where all of them are removed already."""
        with self._database.change(token) as change:
            return removals.remove_pictures(change, picture_ids)

    def remove_set(self, token: str, set_id: int, *, seen: int | None = None) -> Act:
        """Remove a set with its pictures; asked once more, gives the same act.

        Pictures that came to it after version `seen` of the workspace stay, and then so does it.
        """
        with self._database.change(token) as change:
            return removals.remove_set(change, set_id, seen)

    def clear_tried(self, token: str) -> Act:
        """Remove all pictures tried; where there are none, there is nothing to undo either."""
        with self._database.change(token) as change:
            return removals.clear_tried(change)

    def remove_workspace(self, token: str) -> Act:
        """Remove a workspace; asked once more, gives the same act."""
        with self._database.change(token, removed_too=True) as change:
            return removals.remove_workspace(change)

    def undo(self, token: str, act_id: int) -> None:
        """Undo an act, also the removal of the workspace itself; once is enough.

        What the act changed is as it was before, but for what later acts changed too. Acts may be
        undone in any order. A picture that was added again meanwhile is not doubled; a set whose
        name was given to another meanwhile comes back as "name 2". Raises `FeatclassError` where
        the act was purged.
        """
        with self._database.change(token, removed_too=True) as change:
            undoing.undo(change, act_id)

    def undo_last(self, token: str) -> Act | None:
        """Undo the newest act of whoever is `acting`, or of somebody not known; returns it.

        Where nobody is, it is the newest of all. None where there is nothing to undo.
        """
        with self._database.change(token) as change:
            return undoing.undo_last(change)

    def last_act(self, token: str, *, own: bool = False) -> Act | None:
        """Return the newest act that is not undone, also the removal of the workspace itself.

        With `own` it is the one that `undo_last` would undo.
        """
        with self._database.read() as db:
            workspace = find(db, token, removed_too=True).id
            return acts.last(db, workspace, doer().author if own else None)
