"""All workspaces of one data folder, as one object."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import delete, insert, select, update

from featclass import images
from featclass.errors import FeatclassError, WorkspaceMissing
from featclass.records import Rejected, Source
from featclass.workspaces import (
    names,
    pictures,
    sets,
    snapshot,
    tables,
)
from featclass.workspaces.acts import Doing
from featclass.workspaces.blobs import Blobs
from featclass.workspaces.database import Change, Database, find
from featclass.workspaces.purge import purge
from featclass.workspaces.records import Act, Added, NewPicture, Workspace, WorkspaceSummary
from featclass.workspaces.undoable import Undoable

TOKEN_BYTES = 16


class Workspaces(Undoable):
    """Workspaces kept in a folder; what a method did when it returns survives the process.

    Every method may be called from several threads and processes at once. All that take a token
    raise `WorkspaceMissing` where no workspace has it, and `WorkspaceRemoved` where it had; all
    that take a set or a picture raise `FeatclassError` where this workspace shows no such one.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._blobs = Blobs(folder / "blobs")
        except OSError as error:
            raise FeatclassError(
                f"The data folder {folder} cannot be used: {error.strerror}. Set FEATCLASS_DATA to"
                " a folder that can be written."
            ) from error
        super().__init__(Database(folder / "workspaces.sqlite"))

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
        with self._database.write() as db:
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
            return snapshot.take(db, token)

    def version(self, token: str) -> int:
        """Return a workspace's version without the rest."""
        with self._database.read() as db:
            return int(find(db, token).version)

    def visit(self, token: str, visitor: str) -> None:
        """Remember that this visitor knows this workspace, and was here now."""
        with self._database.write() as db:
            row = find(db, token)
            _remember(Change(db, row.id, row.version, datetime.now(UTC)), visitor)

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
        with self._adding(token, [] if data is None else [data]) as (change, digests):
            new = {"classifier": digests[0] if digests else None}
            table = tables.workspaces
            this = (table.c.id == change.workspace) & table.c.classifier.is_distinct_from(
                new["classifier"]
            )
            change.db.execute(update(table).where(this).values(new))

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

    # Pictures

    def add_pictures(
        self, token: str, set_id: int | None, files: Sequence[NewPicture]
    ) -> list[Added]:
        """Add pictures to a set, or with None to those tried: all of them, or none on an error.

        Returns one result a file, in order. Bytes that are there already are not added again. A
        set that was removed meanwhile, in another window, is there again for what is added.

        All that is added while `acting` with the same drop is one act.
        """
        with self._adding(token, [file.data for file in files]) as (change, digests):
            named = [
                (file.name, digest, file.burst) for file, digest in zip(files, digests, strict=True)
            ]
            doing = Doing(change, is_adding=True)
            added = pictures.add(doing, set_id, named)
            doing.end(pictures.what_was_added(doing))
            return added

    def reject(self, token: str, set_id: int | None, rejected: Sequence[Rejected]) -> None:
        """Remember files that could not be used where they were dropped, until dismissed."""
        with self._database.change(token) as change:
            doing = Doing(change, is_adding=True)
            pictures.reject(doing, set_id, rejected)
            doing.end(pictures.what_was_added(doing))

    def reject_picture(self, token: str, picture_id: int, reason: str) -> None:
        """Turn a picture found unreadable into a rejected file, unless it is removed already."""
        with self._database.change(token) as change:
            pictures.reject_added(change, picture_id, reason)

    def dismiss_rejected(self, token: str, set_id: int | None) -> Act | None:
        """Forget the rejected files of a set, or with None those tried."""
        with self._database.change(token) as change:
            doing = Doing(change)
            return doing.end(pictures.dismiss_rejected(doing, set_id))

    def purge(self, *, older_than: timedelta) -> int:
        """Delete for good what was removed longer ago; returns the number of files deleted.

        Also deletes workspaces a day old that nobody changed or visited since, and the bytes of
        pictures that no workspace holds. Others may write meanwhile.
        """
        return purge(self._database, self._blobs, older_than)

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
        """Return the digest of every file that is kept, of all workspaces."""
        return set(self._blobs.digests())

    def source(self, digest: str) -> Source:
        """Return where the bytes of a digest can be read, without asking whose they are."""
        return self._blobs.blob(digest)

    @contextmanager
    def _adding(
        self, token: str, contents: Sequence[bytes]
    ) -> Iterator[tuple[Change, Sequence[str]]]:
        digests = [images.digest(data) for data in contents]
        for digest, data in zip(digests, contents, strict=True):
            self._blobs.keep(digest, data)
        with self._database.change(token) as change:
            for digest, data in zip(digests, contents, strict=True):
                self._blobs.keep(digest, data)  # a purge may have passed; now none can
            yield change, digests

    def _set(self, token: str, field: str, column: str, value: str, what: str) -> None:
        with self._database.change(token) as change:
            table, doing = tables.workspaces, Doing(change)
            this = (table.c.id == change.workspace) & (table.c[column] != value)
            rows = change.db.execute(select(table).where(this)).all()
            doing.write(table, field, [(row, {column: value}) for row in rows])
            doing.end(what)


def _remember(change: Change, visitor: str) -> None:
    visit = {"workspace_id": change.workspace, "visitor": visitor}
    change.db.execute(delete(tables.visits).filter_by(**visit))
    change.db.execute(insert(tables.visits).values(at=change.now, **visit))
