"""All workspaces of one data folder, as one object."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import delete, insert, select, update

from featclass.base import Source, WorkspaceMissing, digest_of, names
from featclass.workspaces import acts, bounds, changes, pictures, sets, snapshot, tables, undoing
from featclass.workspaces.blobs import Blobs
from featclass.workspaces.database import Change, doer, find
from featclass.workspaces.opening import REFERENCED, open_folder
from featclass.workspaces.purge import GRACE, Forget, discard, purge, wanted
from featclass.workspaces.records import Act, Added, NewPicture, Workspace, WorkspaceSummary

P = ParamSpec("P")
T = TypeVar("T")

TOKEN_BYTES = 16


def _act(
    do: Callable[Concatenate[Change, P], T], *, removed_too: bool = False, adding: bool = False
) -> Callable[Concatenate[Workspaces, str, P], T]:
    """Return the method that does this in a change of the workspace of a token."""

    def method(self: Workspaces, token: str, /, *args: P.args, **named: P.kwargs) -> T:
        with self._database.change(token, removed_too=removed_too, adding=adding) as change:
            return do(change, *args, **named)

    method.__name__, method.__doc__ = do.__name__, do.__doc__
    return method


class Workspaces:
    """Workspaces kept in a folder; what a method did when it returns survives the process.

    Every method may be called from several threads and processes at once. All that take a token
    raise `WorkspaceMissing` where no workspace has it, and `WorkspaceRemoved` where it had; all
    that take a set or a picture raise `FeatclassError` where this workspace shows no such one.
    """

    def __init__(self, folder: Path, *, despite_loss: bool = False) -> None:
        """Open the data folder, as `open_folder` does."""
        self._blobs = Blobs(folder / "blobs")
        self._snapshots = snapshot.Snapshots()
        self._database = open_folder(folder, self._blobs, despite_loss=despite_loss)

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # Workspaces

    def create(
        self, *, visitor: str | None = None, name: str = "My pictures", encoder: str = "auto"
    ) -> str:
        """Start a workspace with two empty sets; returns its token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = datetime.now(UTC)
        row = {
            "token": token,
            "name": names.clean(name) or "My pictures",
            "encoder": encoder,
            "version": 0,
            "changed": now,
        }
        with self._database.write(adding=True) as db:
            new = insert(tables.workspaces).values(row).returning(tables.workspaces.c.id)
            change = Change(db, db.execute(new).scalar_one(), 0, now)
            sets.add(change, None)
            sets.add(change, None)
            if visitor is not None:
                _remember(change, visitor)
        return token

    def open(self, token: str) -> Workspace:
        """Return everything of a workspace, as it is at one moment."""
        with self._database.read() as db:
            return self._snapshots.take(db, token)

    def version(self, token: str) -> int:
        """Return a workspace's version without the rest."""
        with self._database.read() as db:
            return int(find(db, token).version)

    def visit(self, token: str, visitor: str) -> None:
        """Remember that this visitor knows this workspace, and was here now."""
        with self._database.write(adding=True) as db:
            row = find(db, token)
            _remember(Change(db, row.id, row.version, datetime.now(UTC)), visitor)

    def visitor_of(self, token: str) -> str:
        """Return the visitor who has known a workspace longest; "" for all that nobody has seen."""
        with self._database.read() as db:
            return snapshot.visitor_of(db, token)

    def known_to(self, visitor: str) -> list[WorkspaceSummary]:
        """Return the workspaces that a visitor knows, last visited first."""
        with self._database.read() as db:
            return snapshot.known_to(db, visitor)

    def load_classifier(self, token: str, data: bytes | None) -> None:
        """Use a saved classifier in place of one made from the sets; None ends that.

        The bytes are kept as they are; whether they are a classifier is for the caller to know.
        With a classifier a workspace begins: that is no act.
        """
        if data is None:
            with self._database.change(token) as change:
                self._use_classifier(change, None)
        else:
            with self._adding(token, [data]) as (change, [digest], _):
                self._use_classifier(change, digest)

    # Pictures

    def require_room(self, token: str, set_id: int | None) -> None:
        """Raise `FeatclassError` where a set, with None those tried, can take no more pictures."""
        with self._database.read() as db:
            row = find(db, token)
            change = Change(db, row.id, row.version, datetime.now(UTC))
            if set_id is not None:
                sets.require_known(change, set_id)
            bounds.require_pictures(change, tried=set_id is None)

    def add_pictures(
        self, token: str, set_id: int | None, files: Sequence[NewPicture]
    ) -> list[Added]:
        """Add pictures to a set, or with None to those tried: all of them, or none on an error.

        Returns one result a file, in order. Bytes that are there already are not added again. A
        set that was removed meanwhile, in another window, is there again for what is added, and a
        file that was damaged is whole again. Raises `DiskFull`.

        All that is added while `acting` with the same drop is one act.
        """
        self.require_room(token, set_id)  # before anything is kept of them
        with self._adding(token, [file.data for file in files]) as (change, digests, new):
            named = [
                (file.name, digest, file.burst) for file, digest in zip(files, digests, strict=True)
            ]
            with pictures.adding(change) as doing:
                added = pictures.add(doing, set_id, named)
        return [replace(item, restored=item.duplicate and item.digest in new) for item in added]

    def reject_picture(self, token: str, picture_id: int, reason: str) -> None:
        """Turn a picture found unreadable into a rejected file, unless it is removed already."""
        with self._database.change(token) as change:
            row = pictures.find(change, picture_id)
            pictures.reject_added(change, picture_id, reason)
            if row is not None:
                self._let_go(change, row.digest)

    def purge(
        self,
        *,
        older_than: timedelta,
        grace: timedelta = GRACE,
        forget: Forget = lambda digests: None,
    ) -> int:
        """Delete for good what was removed longer ago; returns the number of files deleted.

        Also deletes workspaces a day old that nobody changed or visited since, and the bytes that
        no workspace has held for as long as `grace`; `forget` is called with their digests before
        they go. Others may write meanwhile.
        """
        return purge(self._database, self._blobs, older_than, grace=grace, forget=forget)

    # Acts: each gives what can be undone, None where nothing changed

    rename = _act(changes.rename)
    choose_encoder = _act(changes.choose_encoder)
    remove_workspace = _act(changes.remove_workspace, removed_too=True)

    add_set = _act(changes.add_set)
    set_named = _act(changes.set_named)
    sets_named = _act(changes.sets_named)
    rename_set = _act(changes.rename_set)
    rename_sets = _act(changes.rename_sets)
    remove_set = _act(changes.remove_set)

    move_picture = _act(changes.move_picture)
    move_pictures = _act(changes.move_pictures)
    move_to_new_set = _act(changes.move_to_new_set)
    none_of_these = _act(changes.none_of_these)
    leave_out = _act(changes.leave_out)
    leave_out_pictures = _act(changes.leave_out_pictures)
    take_back = _act(changes.take_back)
    remove_picture = _act(changes.remove_picture)
    remove_pictures = _act(changes.remove_pictures)
    clear_tried = _act(changes.clear_tried)
    reject = _act(changes.reject, adding=True)
    dismiss_rejected = _act(changes.dismiss_rejected)

    accept = _act(changes.accept)
    withdraw = _act(changes.withdraw)

    undo = _act(undoing.undo, removed_too=True)
    undo_last = _act(undoing.undo_last)

    def last_act(self, token: str, *, own: bool = False) -> Act | None:
        """Return the newest act that is not undone, also the removal of the workspace itself.

        With `own` it is the one that `undo_last` would undo.
        """
        with self._database.read() as db:
            workspace = find(db, token, removed_too=True).id
            return acts.last(db, workspace, doer().author if own else None)

    # Bytes

    def read(self, token: str, digest: str) -> bytes:
        """Return the bytes of a picture or classifier that this workspace holds or can bring back.

        Raises `WorkspaceMissing` where it is neither, `OSError` where the file has gone.
        """
        with self._database.read() as db:
            if not snapshot.holds(db, token, digest):
                raise WorkspaceMissing("This workspace has no such picture.")
        return self.source(digest).read()

    def digests(self) -> set[str]:
        """Return the digest of every file that is kept or known, of all workspaces."""
        with self._database.read() as db:
            return {*self._blobs.digests(), *db.scalars(REFERENCED)}

    def unreferenced(self) -> list[str]:
        """Return the digest of every file that no workspace knows, the oldest first."""
        with self._database.read() as db:
            known = set(db.scalars(REFERENCED))
        return self._blobs.oldest_first({*self._blobs.digests()} - known)

    def let_go(self, digests: Sequence[str]) -> None:
        """Note of files that nothing refers to them on purpose: they are not taken for a loss."""
        self._blobs.let_go(digests)

    def trouble(self) -> str:
        """Return why nobody can work with the workspaces, in a sentence; empty if all is well."""
        return self._blobs.trouble() or self._database.trouble()

    def has_file(self, digest: str) -> bool:
        """Say whether the bytes of a digest are on the disk."""
        return self._blobs.blob(digest).path.is_file()

    def source(self, digest: str) -> Source:
        """Return where the bytes of a digest can be read, without asking whose they are."""
        return self._blobs.blob(digest)

    @contextmanager
    def _adding(
        self, token: str, contents: Sequence[bytes]
    ) -> Iterator[tuple[Change, Sequence[str], set[str]]]:
        """Keep bytes while a workspace is changed; gives their digests, and those newly written."""
        self.version(token)  # whoever has no link leaves nothing on the disk
        digests = [digest_of(data) for data in contents]
        new: set[str] = set()
        try:
            for digest, data in zip(digests, contents, strict=True):
                if self._blobs.keep(digest, data):
                    new.add(digest)
            with self._database.change(token, adding=True) as change:
                for digest, data in zip(digests, contents, strict=True):
                    if not self._blobs.is_kept(digest):  # a purge has passed; now none can
                        self._blobs.keep(digest, data)
                        new.add(digest)
                if new:  # also where only what was damaged is whole again
                    _set_version(change)
                yield change, digests, new
        except BaseException:
            discard(self._database, self._blobs, sorted(new))
            raise
        with suppress(OSError):  # the next purge puts right what is noted
            self._blobs.hold(digests)

    def _use_classifier(self, change: Change, digest: str | None) -> None:
        this = tables.workspaces.c.id == change.workspace
        before = change.db.scalar(select(tables.workspaces.c.classifier).where(this))
        other = tables.workspaces.c.classifier.is_distinct_from(digest)
        change.db.execute(update(tables.workspaces).where(this, other).values(classifier=digest))
        if before is not None:
            self._let_go(change, before)

    def _let_go(self, change: Change, digest: str) -> None:
        """Note of a file that nothing refers to it any more, if that is so."""
        if not wanted(change.db, [digest]):
            self._blobs.let_go([digest])


def _set_version(change: Change) -> None:
    """Have the version grow though no row changes."""
    this = tables.workspaces.c.id == change.workspace
    change.db.execute(update(tables.workspaces).where(this).values(version=change.version))


def _remember(change: Change, visitor: str) -> None:
    visit = {"workspace_id": change.workspace, "visitor": visitor}
    change.db.execute(delete(tables.visits).filter_by(**visit))
    change.db.execute(insert(tables.visits).values(at=change.now, **visit))
