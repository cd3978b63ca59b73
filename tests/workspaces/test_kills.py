"""What was said to be added stays, whoever is killed and whoever else adds."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import featclass
from featclass.base.errors import FeatclassError
from featclass.workspaces import (
    NewPicture,
    Workspaces,
)
from tests.workspaces.stored import digest_of, names


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Run a program that finds this featclass; it may use `workspaces` and `sys`."""
    root = Path(featclass.__file__).parent.parent
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


def tell_when_ready(line: str, *processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


ADD_UNTIL_KILLED = """
import itertools, pathlib, sys
from featclass.workspaces import NewPicture, Workspaces

store = Workspaces(pathlib.Path(sys.argv[1]))
token = store.create()
one = store.open(token).sets[0].id
print(token, flush=True)
for n in itertools.count():
    store.add_pictures(token, one, [NewPicture(f"{n}-{i}", f"{n}-{i}".encode()) for i in range(5)])
    print("added", flush=True)
"""


def test_what_was_said_to_be_added_survives_a_kill_at_once(tmp_path: Path) -> None:
    with python(ADD_UNTIL_KILLED, str(tmp_path)) as process:
        assert process.stdout is not None
        token = process.stdout.readline().strip()
        for _ in range(20):
            assert process.stdout.readline() == "added\n"
        process.kill()
        said = 20 + process.stdout.read().count("added\n")
    with Workspaces(tmp_path) as store:
        pictures = store.open(token).sets[0].pictures
        assert len(pictures) in (said * 5, said * 5 + 5)
        assert [store.read(token, p.digest).decode() for p in pictures] == names(pictures)


ADD_WITH_OTHERS = """
import pathlib, sys
from concurrent.futures import ThreadPoolExecutor
from featclass.workspaces import NewPicture, Workspaces

folder, who = pathlib.Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
token = sys.stdin.readline().strip()

def add(thread):
    for n in range(10):
        names = [f"{who}-{thread}-{n}-{i}" for i in range(5)]
        store.add_pictures(token, one, [NewPicture(name, name.encode()) for name in names])

with Workspaces(folder) as store, ThreadPoolExecutor(3) as threads:
    one = store.open(token).sets[0].id
    list(threads.map(add, range(3)))
"""


def test_processes_and_threads_adding_at_once_lose_nothing(tmp_path: Path) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        arguments = (ADD_WITH_OTHERS, str(tmp_path))
        with python(*arguments, "a") as a, python(*arguments, "b") as b:
            tell_when_ready(token, a, b)
            while a.poll() is None or b.poll() is None:
                seen = store.open(token)
                assert len(seen.sets[0].pictures) == 5 * seen.version  # of one moment
        assert (a.returncode, b.returncode) == (0, 0)
        workspace = store.open(token)
        assert len(set(names(workspace.sets[0].pictures))) == 2 * 3 * 10 * 5
        assert workspace.version == 2 * 3 * 10


OPEN_AT_ONCE = """
import pathlib, sys
from featclass.workspaces import Workspaces

print("ready", flush=True)
sys.stdin.readline()
for n in range(10):
    with Workspaces(pathlib.Path(sys.argv[1]) / str(n)) as store:
        store.open(store.create())
"""


def test_processes_may_make_a_data_folder_at_once(tmp_path: Path) -> None:
    with python(OPEN_AT_ONCE, str(tmp_path)) as a, python(OPEN_AT_ONCE, str(tmp_path)) as b:
        tell_when_ready("go", a, b)
    assert (a.returncode, b.returncode) == (0, 0)


def test_threads_naming_one_set_at_once_make_one(store: Workspaces, token: str) -> None:
    for n in range(5):
        with ThreadPoolExecutor(4) as threads:
            ids = set(threads.map(lambda name: store.set_named(token, name), [f"folder {n}"] * 4))
        assert len(ids) == 1


def test_a_batch_that_fails_leaves_nothing_of_itself(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    (tmp_path / "data" / "blobs" / digest_of(b"2")[:2]).write_bytes(b"in the way")
    with pytest.raises(FeatclassError, match="could not be kept"):
        store.add_pictures(token, None, [NewPicture("1", b"1"), NewPicture("2", b"2")])
    assert store.open(token).tried == ()
    assert store.version(token) == 0
    assert not list((tmp_path / "data" / "blobs" / "incoming").iterdir())


def test_a_file_cut_short_is_made_whole_by_adding_its_picture_again(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    store.add_pictures(token, None, [NewPicture("a", b"whole")])
    digest = store.open(token).tried[0].digest
    (tmp_path / "data" / "blobs" / digest[:2] / digest).write_bytes(b"")
    assert store.add_pictures(token, None, [NewPicture("a", b"whole")])[0].duplicate
    assert store.read(token, digest) == b"whole"
