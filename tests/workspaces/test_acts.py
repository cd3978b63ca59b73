"""What a person does to the pictures of a workspace, and undoing it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from featclass.base.errors import FeatclassError
from featclass.workspaces import Workspaces, dataset, upgrades
from tests.workspaces.stored import A_MOMENT_AGO, add, done
from tests.workspaces.stored import set_id as place


@pytest.fixture
def token(store: Workspaces) -> str:
    """A workspace of two sets: Simpsons (bart.jpg, lisa.jpg) and Flintstones (fred.jpg)."""
    token = store.create()
    one, two = store.open(token).sets
    store.rename_set(token, one.id, "Simpsons")
    store.rename_set(token, two.id, "Flintstones")
    add(store, token, one.id, "bart.jpg", "lisa.jpg")
    add(store, token, two.id, "fred.jpg")
    return token


def shown(store: Workspaces, token: str) -> list[list[str]]:
    return [[p.name for p in found.pictures] for found in store.open(token).sets]


def picture(store: Workspaces, token: str, name: str) -> int:
    [found] = [p.id for s in store.open(token).sets for p in s.pictures if p.name == name]
    return found


# Moving


def test_a_moved_picture_comes_back_to_its_place_by_undo(store: Workspaces, token: str) -> None:
    before, added = store.open(token).sets, store.last_act(token)
    flintstones = place(store, token, "Flintstones")
    act = done(store.move_picture(token, picture(store, token, "bart.jpg"), flintstones))
    assert act.what == "Moved bart.jpg from Simpsons to Flintstones"
    assert shown(store, token) == [["lisa.jpg"], ["fred.jpg", "bart.jpg"]]
    assert store.last_act(token) == act
    store.undo(token, act.id)
    store.undo(token, act.id)
    assert store.open(token).sets == before
    assert store.last_act(token) == added


def test_moving_a_picture_to_the_set_it_is_in_is_no_act(store: Workspaces, token: str) -> None:
    simpsons, before = place(store, token, "Simpsons"), store.last_act(token)
    assert store.move_picture(token, picture(store, token, "bart.jpg"), simpsons) is None
    assert store.last_act(token) == before


def test_a_picture_tried_moves_into_a_set_and_back(store: Workspaces, token: str) -> None:
    [tried] = add(store, token, None, "marge.jpg")
    act = done(store.move_picture(token, tried, place(store, token, "Simpsons")))
    assert act.what == "Moved marge.jpg from those tried to Simpsons"
    assert store.open(token).tried == ()
    store.undo(token, act.id)
    assert [found.name for found in store.open(token).tried] == ["marge.jpg"]
    assert shown(store, token) == [["bart.jpg", "lisa.jpg"], ["fred.jpg"]]


def test_the_set_made_for_a_move_goes_with_its_undo_unless_it_was_used_meanwhile(
    store: Workspaces, token: str
) -> None:
    def names() -> list[str]:
        return [found.name for found in store.open(token).sets]

    bart = picture(store, token, "bart.jpg")
    act = done(store.move_to_new_set(token, [bart], "Jetsons"))
    assert names() == ["Simpsons", "Flintstones", "Jetsons"]
    store.undo(token, act.id)
    assert names() == ["Simpsons", "Flintstones"]
    assert shown(store, token) == [["bart.jpg", "lisa.jpg"], ["fred.jpg"]]
    act = done(store.move_to_new_set(token, [bart], "Jetsons"))
    [_, _, made] = store.open(token).sets
    add(store, token, made.id, "george.jpg")
    store.undo(token, act.id)
    assert shown(store, token) == [["bart.jpg", "lisa.jpg"], ["fred.jpg"], ["george.jpg"]]


def test_a_set_that_was_there_before_a_move_stays_when_that_is_undone(
    store: Workspaces, token: str
) -> None:
    store.add_set(token, "Jetsons")
    act = done(store.move_to_new_set(token, [picture(store, token, "bart.jpg")], "Jetsons"))
    store.undo(token, act.id)
    assert shown(store, token) == [["bart.jpg", "lisa.jpg"], ["fred.jpg"], []]


def test_a_picture_moved_where_its_bytes_are_already_comes_back_too(
    store: Workspaces, token: str
) -> None:
    simpsons, flintstones = (found.id for found in store.open(token).sets)
    [copy] = add(store, token, flintstones, "bart.jpg")
    before = store.open(token).sets
    act = done(store.move_picture(token, copy, simpsons))
    assert shown(store, token) == [["bart.jpg", "lisa.jpg"], ["fred.jpg"]]
    store.undo(token, act.id)
    assert store.open(token).sets == before


def test_undo_of_a_move_does_not_double_a_picture_added_again_meanwhile(
    store: Workspaces, token: str
) -> None:
    simpsons, flintstones = (found.id for found in store.open(token).sets)
    act = done(store.move_picture(token, picture(store, token, "bart.jpg"), flintstones))
    add(store, token, simpsons, "bart.jpg")
    store.undo(token, act.id)
    assert shown(store, token) == [["lisa.jpg", "bart.jpg"], ["fred.jpg"]]


def test_undo_of_a_move_out_of_a_removed_set_shows_the_set_with_that_picture_alone(
    store: Workspaces, token: str
) -> None:
    simpsons, flintstones = (found.id for found in store.open(token).sets)
    moved = done(store.move_picture(token, picture(store, token, "bart.jpg"), flintstones))
    removed = store.remove_set(token, simpsons)
    store.undo(token, moved.id)
    assert shown(store, token) == [["bart.jpg"], ["fred.jpg"]]
    store.undo(token, removed.id)
    assert shown(store, token) == [["bart.jpg", "lisa.jpg"], ["fred.jpg"]]


def test_a_set_whose_pictures_moved_away_is_not_taken_for_a_folder(store: Workspaces) -> None:
    token = store.create()
    one, two = (found.id for found in store.open(token).sets)
    [moved] = add(store, token, one, "a.jpg")
    store.move_picture(token, moved, two)
    assert store.set_named(token, "bees") not in (one, two)


def test_a_purged_move_stays_as_it_is_and_cannot_be_undone(store: Workspaces, token: str) -> None:
    flintstones = place(store, token, "Flintstones")
    act = done(store.move_picture(token, picture(store, token, "bart.jpg"), flintstones))
    store.purge(older_than=A_MOMENT_AGO)
    assert shown(store, token) == [["lisa.jpg"], ["fred.jpg", "bart.jpg"]]
    with pytest.raises(FeatclassError, match="deleted for good"):
        store.undo(token, act.id)


# Leaving out


def test_a_picture_left_out_stays_in_its_set_but_is_not_learned(
    store: Workspaces, token: str
) -> None:
    bart = picture(store, token, "bart.jpg")
    act = done(store.leave_out(token, bart, "taken for Flintstones"))
    assert act.what == "Left out bart.jpg"
    [simpsons, _] = store.open(token).sets
    assert [found.left_out for found in simpsons.pictures] == ["taken for Flintstones", None]
    assert [found.name for found in simpsons.counted] == ["lisa.jpg"]
    training = [image.name for image in dataset(store, store.open(token)).images]
    assert training == ["Simpsons/lisa.jpg", "Flintstones/fred.jpg"]
    store.undo(token, act.id)
    assert len(dataset(store, store.open(token)).images) == 3


def test_a_picture_left_out_is_taken_back_and_that_can_be_undone_too(
    store: Workspaces, token: str
) -> None:
    bart = picture(store, token, "bart.jpg")
    store.leave_out(token, bart, "blurred")
    act = done(store.take_back(token, bart))
    assert act.what == "Took back bart.jpg"
    assert len(store.open(token).sets[0].counted) == 2
    store.undo(token, act.id)
    assert store.open(token).sets[0].pictures[0].left_out == "blurred"


def test_leaving_out_or_taking_back_twice_is_one_act(store: Workspaces, token: str) -> None:
    bart = picture(store, token, "bart.jpg")
    assert store.take_back(token, bart) is None
    assert store.leave_out(token, bart) is not None
    version = store.version(token)
    assert store.leave_out(token, bart, "another reason") is None
    assert store.version(token) == version


def test_those_left_out_lead_their_set_so_that_they_are_seen(store: Workspaces, token: str) -> None:
    store.leave_out(token, picture(store, token, "lisa.jpg"))
    assert shown(store, token)[0] == ["lisa.jpg", "bart.jpg"]


def test_a_picture_tried_cannot_be_left_out(store: Workspaces, token: str) -> None:
    [tried] = add(store, token, None, "marge.jpg")
    with pytest.raises(FeatclassError, match="being tried"):
        store.leave_out(token, tried)


# Findings that are fine


def test_a_finding_said_to_be_fine_is_remembered_until_withdrawn(
    store: Workspaces, token: str
) -> None:
    act = done(store.accept(token, "blurred:abc", "a blurred bart.jpg"))
    assert act.what == "Said that a blurred bart.jpg is fine"
    assert store.accept(token, "blurred:abc") is None
    store.accept(token, "dark:abc")
    assert store.open(token).accepted == {"blurred:abc", "dark:abc"}
    assert store.withdraw(token, "blurred:abc") is not None
    assert store.withdraw(token, "blurred:abc") is None
    assert store.open(token).accepted == {"dark:abc"}


def test_accepting_and_withdrawing_are_undone(store: Workspaces, token: str) -> None:
    accepted = done(store.accept(token, "a"))
    withdrawn = done(store.withdraw(token, "a"))
    store.undo(token, withdrawn.id)
    assert store.open(token).accepted == {"a"}
    store.undo(token, accepted.id)
    assert store.open(token).accepted == frozenset()


def test_what_was_accepted_long_ago_stays_accepted_when_its_act_is_purged(
    store: Workspaces, token: str
) -> None:
    store.accept(token, "a")
    store.accept(token, "b")
    store.withdraw(token, "b")
    store.purge(older_than=A_MOMENT_AGO)
    assert store.open(token).accepted == {"a"}


@pytest.mark.parametrize("key", ["", "x" * 1001])
def test_a_key_that_is_none_is_refused(store: Workspaces, token: str, key: str) -> None:
    with pytest.raises(FeatclassError, match="key"):
        store.accept(token, key)


# Whose, and how hostile


def test_one_workspace_reaches_nothing_of_another(store: Workspaces, token: str) -> None:
    theirs = store.create()
    bart = picture(store, token, "bart.jpg")
    act = done(store.leave_out(token, bart))
    store.accept(token, "a")
    before = store.open(token)
    attempts: list[Callable[[], object]] = [
        lambda: store.move_picture(theirs, bart, store.open(theirs).sets[0].id),
        lambda: store.leave_out(theirs, bart),
        lambda: store.take_back(theirs, bart),
        lambda: store.undo(theirs, act.id),
    ]
    for refused in attempts:
        with pytest.raises(FeatclassError):
            refused()
    assert store.withdraw(theirs, "a") is None
    assert store.open(theirs).accepted == frozenset()
    assert store.open(token) == before


# A database of the first format: what featclass wrote before pictures could be left out.
FIRST_FORMAT = """
CREATE TABLE workspace (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL,
    name TEXT NOT NULL, encoder TEXT NOT NULL, classifier TEXT, version INTEGER NOT NULL,
    changed FLOAT NOT NULL, removal_id INTEGER, UNIQUE (token),
    FOREIGN KEY(removal_id) REFERENCES removal (id) ON DELETE CASCADE);
CREATE INDEX ix_workspace_removal_id ON workspace (removal_id);
CREATE TABLE removal (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL, what TEXT NOT NULL, at FLOAT NOT NULL, undone BOOLEAN NOT NULL,
    FOREIGN KEY(workspace_id) REFERENCES workspace (id) ON DELETE CASCADE);
CREATE INDEX ix_removal_at ON removal (at);
CREATE INDEX ix_removal_workspace_id ON removal (workspace_id);
CREATE TABLE labelled_set (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL, name TEXT NOT NULL, colour INTEGER NOT NULL, removal_id INTEGER,
    FOREIGN KEY(workspace_id) REFERENCES workspace (id) ON DELETE CASCADE,
    FOREIGN KEY(removal_id) REFERENCES removal (id) ON DELETE CASCADE);
CREATE INDEX ix_labelled_set_removal_id ON labelled_set (removal_id);
CREATE INDEX ix_labelled_set_workspace_id ON labelled_set (workspace_id);
CREATE TABLE visit (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, workspace_id INTEGER NOT NULL,
    visitor TEXT NOT NULL, at FLOAT NOT NULL,
    FOREIGN KEY(workspace_id) REFERENCES workspace (id) ON DELETE CASCADE);
CREATE INDEX ix_visit_workspace_id ON visit (workspace_id);
CREATE INDEX ix_visit_visitor ON visit (visitor);
CREATE TABLE picture (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, workspace_id INTEGER NOT NULL,
    labelled_set_id INTEGER, name TEXT NOT NULL, digest TEXT NOT NULL, added FLOAT NOT NULL,
    arrived INTEGER NOT NULL, removal_id INTEGER,
    FOREIGN KEY(workspace_id) REFERENCES workspace (id) ON DELETE CASCADE,
    FOREIGN KEY(labelled_set_id) REFERENCES labelled_set (id) ON DELETE CASCADE,
    FOREIGN KEY(removal_id) REFERENCES removal (id) ON DELETE CASCADE);
CREATE INDEX ix_picture_removal_id ON picture (removal_id);
CREATE INDEX ix_picture_workspace_id ON picture (workspace_id);
CREATE UNIQUE INDEX picture_once_in_a_set
    ON picture (workspace_id, coalesce(labelled_set_id, 0), digest) WHERE removal_id IS NULL;
CREATE INDEX ix_picture_digest ON picture (digest);
CREATE INDEX ix_picture_labelled_set_id ON picture (labelled_set_id);
CREATE TABLE rejection (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL, labelled_set_id INTEGER, name TEXT NOT NULL,
    reason TEXT NOT NULL,
    FOREIGN KEY(workspace_id) REFERENCES workspace (id) ON DELETE CASCADE,
    FOREIGN KEY(labelled_set_id) REFERENCES labelled_set (id) ON DELETE CASCADE);
CREATE INDEX ix_rejection_workspace_id ON rejection (workspace_id);
CREATE INDEX ix_rejection_labelled_set_id ON rejection (labelled_set_id);
INSERT INTO workspace VALUES (1, 'link', 'Cartoons', 'auto', NULL, 7, 1e9, NULL);
INSERT INTO labelled_set VALUES (1, 1, 'Simpsons', 0, NULL), (2, 1, 'Flintstones', 1, NULL);
INSERT INTO removal VALUES (5, 1, 'picture lisa.jpg', 1e9, 0);
INSERT INTO picture VALUES (1, 1, 1, 'bart.jpg', 'aa', 1e9, 1, NULL),
    (2, 1, 1, 'lisa.jpg', 'bb', 1e9, 1, 5), (3, 1, 2, 'fred.jpg', 'cc', 1e9, 2, NULL),
    (4, 1, NULL, 'tried.jpg', 'dd', 1e9, 3, NULL);
INSERT INTO rejection VALUES (1, 1, 2, 'words.txt', 'these are words');
INSERT INTO visit VALUES (1, 1, 'ann', 1e9);
PRAGMA user_version = 1;
"""


def schema(file: Path) -> dict[str, list[list[Any]]]:
    """Return the columns, foreign keys and indexes of each table, whoever made it."""
    with sqlite3.connect(file) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {
            name: [
                sorted(row[1:] for row in db.execute(f"PRAGMA table_info({name})")),
                sorted(row[2:] for row in db.execute(f"PRAGMA foreign_key_list({name})")),
                sorted(row[1:] for row in db.execute(f"PRAGMA index_list({name})")),
            ]
            for (name,) in tables
        }
    db.close()
    return found


def test_a_database_of_the_first_format_is_upgraded_and_loses_nothing(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "blobs").mkdir(parents=True)
    with sqlite3.connect(old / "workspaces.sqlite") as db:
        db.executescript(FIRST_FORMAT)
    db.close()
    with Workspaces(old) as store, Workspaces(new):
        assert schema(old / "workspaces.sqlite") == schema(new / "workspaces.sqlite")
        workspace = store.open("link")
        assert (workspace.name, workspace.version, workspace.accepted) == (
            "Cartoons",
            7,
            frozenset(),
        )
        assert shown(store, "link") == [["bart.jpg"], ["fred.jpg"]]
        assert [found.name for found in workspace.tried] == ["tried.jpg"]
        assert workspace.sets[1].rejected[0].name == "words.txt"
        assert [summary.token for summary in store.known_to("ann")] == ["link"]
        act = done(store.last_act("link"))
        assert act.what == "Removed picture lisa.jpg"
        store.undo("link", act.id)
        moved = done(store.move_picture("link", 2, 2))
        assert moved.id > act.id
        assert shown(store, "link") == [["bart.jpg"], ["fred.jpg", "lisa.jpg"]]


# What a format 5 kept of acts: x and y were moved to Flintstones in acts 6 and 7, x was then left
# out in 8, lisa.jpg (removed in 5) is gone; set 3, made for the move of act 9, holds z; act 10 said
# that a finding is fine, act 11 took that back, and act 12 removed the set Jetsons, with w.
KEPT_ACTS = """
INSERT INTO act VALUES (6, 1, 'Moved x.jpg from Simpsons to Flintstones', 2e9, 0),
    (7, 1, 'Moved y.jpg from Simpsons to Flintstones', 2e9, 1),
    (8, 1, 'Left out x.jpg', 2e9, 0), (9, 1, 'Moved z.jpg from Simpsons to Rubbles', 2e9, 0),
    (10, 1, 'Said that a dark x.jpg is fine', 2e9, 0),
    (11, 1, 'Took back that a dark x.jpg is fine', 2e9, 0),
    (12, 1, 'Removed set Jetsons with 1 picture', 2e9, 0);
INSERT INTO labelled_set VALUES (3, 1, 'Rubbles', 2, NULL, 9, 1), (4, 1, 'Jetsons', 3, 12, NULL, 1);
INSERT INTO picture VALUES (5, 1, 2, 'x.jpg', 'ee', 1e9, 5, NULL, '', NULL),
    (6, 1, 1, 'y.jpg', 'ff', 1e9, 1, NULL, NULL, NULL),
    (7, 1, 3, 'z.jpg', 'gg', 1e9, 6, NULL, NULL, NULL),
    (8, 1, 4, 'w.jpg', 'hh', 1e9, 6, NULL, NULL, NULL);
INSERT INTO former VALUES (1, 6, 5, 1, 'x.jpg', 1, NULL), (2, 7, 6, 1, 'y.jpg', 1, NULL),
    (3, 8, 5, 2, 'x.jpg', 5, NULL), (4, 9, 7, 1, 'z.jpg', 1, NULL);
INSERT INTO accepted VALUES (1, 1, 'dark:x', 10, 11);
PRAGMA user_version = 5;
"""


def keep_acts(folder: Path, more: str = "") -> None:
    """Make a data folder of the fifth format."""
    (folder / "blobs").mkdir()  # as every data folder has it
    with sqlite3.connect(folder / "workspaces.sqlite") as db:
        db.executescript(FIRST_FORMAT)
        for statements in upgrades.UPGRADES[:4]:
            assert not callable(statements)
            for statement in statements:
                db.execute(statement)
        db.executescript(KEPT_ACTS + more)
    db.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Workspaces]:
    """A store of the fifth format, upgraded."""
    keep_acts(tmp_path)
    with Workspaces(tmp_path) as store, Workspaces(tmp_path / "new"):
        assert schema(tmp_path / "workspaces.sqlite") == schema(tmp_path / "new/workspaces.sqlite")
        yield store


@pytest.mark.parametrize("seed", range(8))
def test_acts_kept_by_an_older_format_are_undone_in_any_order(kept: Workspaces, seed: int) -> None:
    before = [["bart.jpg", "y.jpg"], ["x.jpg", "fred.jpg"], ["z.jpg"]]
    assert shown(kept, "link") == before
    order = [5, 6, 7, 8, 9, 10, 11, 12]
    random.Random(seed).shuffle(order)
    for act_id in order:
        kept.undo("link", act_id)
    simpsons, flintstones, jetsons = kept.open("link").sets
    assert {found.name for found in simpsons.counted} == {
        *("bart.jpg", "lisa.jpg", "x.jpg", "y.jpg", "z.jpg")
    }
    assert [found.name for found in flintstones.counted] == ["fred.jpg"]
    assert (jetsons.name, [found.name for found in jetsons.counted]) == ("Jetsons", ["w.jpg"])
    assert kept.open("link").accepted == frozenset()
    assert kept.last_act("link") is None


def test_an_act_kept_by_an_older_format_keeps_what_a_later_one_changed(kept: Workspaces) -> None:
    kept.undo("link", 6)
    assert shown(kept, "link")[0] == ["x.jpg", "bart.jpg", "y.jpg"]
    assert kept.open("link").sets[0].pictures[0].left_out == ""
    kept.undo("link", 11)
    assert kept.open("link").accepted == {"dark:x"}
    last = done(kept.last_act("link"))
    assert (last.id, last.author) == (12, None)


def test_a_picture_goes_back_beside_one_that_an_older_format_gave_its_name_under_another_name(
    tmp_path: Path,
) -> None:
    keep_acts(
        tmp_path,
        "INSERT INTO picture VALUES (9, 1, 1, 'x.jpg', 'ii', 1e9, 7, NULL, NULL, NULL);",
    )
    with Workspaces(tmp_path) as store:
        store.undo("link", 6)
        simpsons = store.open("link").sets[0]
        assert sorted(found.name for found in simpsons.pictures) == [
            *("bart.jpg", "x 2.jpg", "x.jpg", "y.jpg")
        ]
        store.undo("link", 8)
        assert len({found.name for found in store.open("link").sets[0].pictures}) == 4
