"""All workspaces of one data folder, as one object."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import delete, insert, select, update

from featclass import images
from featclass.base import Rejected, Source, WorkspaceMissing, names
from featclass.workspaces import bounds, pictures, sets, snapshot, tables
from featclass.workspaces.acts import Doing
from featclass.workspaces.blobs import Blobs
from featclass.workspaces.database import Change, find
from featclass.workspaces.opening import REFERENCED, open_folder
from featclass.workspaces.purge import GRACE, Forget, discard, is_wanted, purge
from featclass.workspaces.records import Act, Added, NewPicture, Workspace, WorkspaceSummary
from featclass.workspaces.undoable import Undoable

TOKEN_BYTES = 16


class Workspaces(Undoable):
    """Workspaces kept in a folder; what a method did when it returns survives the process.

    Every method may be called from several threads and processes at once. All that take a token
    raise `WorkspaceMissing` where no workspace has it, and `WorkspaceRemoved` where it had; all
    that take a set or a picture raise `FeatclassError` where this workspace shows no such one.
    """

    def __init__(self, folder: Path, *, despite_loss: bool = False) -> None:
        """Open the data folder, as `open_folder` does."""
        self._blobs = Blobs(folder / "blobs")
        self._snapshots = snapshot.Snapshots()
        super().__init__(open_folder(folder, self._blobs, despite_loss=despite_loss))

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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

    def rename(self, token: str, name: str) -> None:
        """Give a workspace another name; an empty one leaves it as it is."""
        if names.clean(name):
            name = names.clean(name)
            self._set(token, "workspace name", "name", name, f"Renamed this workspace to {name}")

    def choose_encoder(self, token: str, spec: str) -> None:
        """Choose the encoder by its spec."""
        if spec.strip():
            spec = spec.strip()
            self._set(token, "encoder", "encoder", spec, f"Chose the encoder {spec}")

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

    # Sets

    def add_set(self, token: str, name: str | None = None) -> int:
        """Add an empty set at the end, by default named "Set N"; returns its id.

        Raises `FeatclassError` where another set has the name.
        """
        with self._database.change(token) as change:
            doing = Doing(change, is_adding=True)
            set_id = sets.add(change, name, doing)
            doing.end(pictures.what_was_added(doing))
            return set_id

    def rename_set(self, token: str, set_id: int, name: str) -> Act | None:
        """Give a set another name; an empty one leaves it as it is, and then there is no act.

        Raises `FeatclassError` where another set has the name.
        """
        return self.rename_sets(token, [(set_id, name)])

    def rename_sets(self, token: str, named: Sequence[tuple[int, str]]) -> Act | None:
        """Give several sets other names at once; they may take each other's.

        Raises `FeatclassError`, and renames none, where another set has one of the names.
        """
        with self._database.change(token) as change:
            doing = Doing(change)
            return doing.end(sets.rename_all(doing, named))

    def set_named(self, token: str, name: str) -> int:
        """Return the id of the set of this name: one there, else one never used, else a new one."""
        with self._database.change(token) as change:
            doing = Doing(change, is_adding=True)
            set_id = sets.named(doing, name)
            doing.end(pictures.what_was_added(doing))
            return set_id

    def sets_named(self, token: str, wanted: Sequence[str]) -> dict[str, int]:
        """Return the id of the set of each name, as `set_named` does, all of them at once."""
        with self._database.change(token) as change:
            doing = Doing(change, is_adding=True)
            ids = sets.named_all(doing, wanted)
            doing.end(pictures.what_was_added(doing))
            return ids

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
            doing = Doing(change, is_adding=True)
            added = pictures.add(doing, set_id, named)
            doing.end(pictures.what_was_added(doing))
        return [replace(item, restored=item.duplicate and item.digest in new) for item in added]

    def reject(self, token: str, set_id: int | None, rejected: Sequence[Rejected]) -> None:
        """Remember files that could not be used where they were dropped, until dismissed."""
        with self._database.change(token, adding=True) as change:
            doing = Doing(change, is_adding=True)
            pictures.reject(doing, set_id, rejected)
            doing.end(pictures.what_was_added(doing))

    def reject_picture(self, token: str, picture_id: int, reason: str) -> None:
        """Turn a picture found unreadable into a rejected file, unless it is removed already."""
        with self._database.change(token) as change:
            row = pictures.find(change, picture_id)
            pictures.reject_added(change, picture_id, reason)
            if row is not None:
                self._let_go(change, row.digest)

    def dismiss_rejected(self, token: str, set_id: int | None) -> Act | None:
        """Forget the rejected files of a set, or with None those tried."""
        with self._database.change(token) as change:
            doing = Doing(change)
            return doing.end(pictures.dismiss_rejected(doing, set_id))

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
        digests = [images.digest(data) for data in contents]
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
        former = change.db.scalar(select(tables.workspaces.c.classifier).where(this))
        other = tables.workspaces.c.classifier.is_distinct_from(digest)
        change.db.execute(update(tables.workspaces).where(this, other).values(classifier=digest))
        if former is not None:
            self._let_go(change, former)

    def _let_go(self, change: Change, digest: str) -> None:
        """Note of a file that nothing refers to it any more, if that is so."""
        if not is_wanted(change.db, digest):
            self._blobs.let_go([digest])

    def _set(self, token: str, field: str, column: str, value: str, what: str) -> None:
        with self._database.change(token) as change:
            table, doing = tables.workspaces, Doing(change)
            this = (table.c.id == change.workspace) & (table.c[column] != value)
            rows = change.db.execute(select(table).where(this)).all()
            doing.write(table, field, [(row, {column: value}) for row in rows])
            doing.end(what)


def _set_version(change: Change) -> None:
    """Have the version grow though no row changes."""
    this = tables.workspaces.c.id == change.workspace
    change.db.execute(update(tables.workspaces).where(this).values(version=change.version))


def _remember(change: Change, visitor: str) -> None:
    visit = {"workspace_id": change.workspace, "visitor": visitor}
    change.db.execute(delete(tables.visits).filter_by(**visit))
    change.db.execute(insert(tables.visits).values(at=change.now, **visit))
