from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import cli
from featclass.base.errors import FeatclassError
from featclass.embedding import cache
from featclass.embedding.cache import Cache
from tests.people import fill

ONE, OTHER = "11" * 32, "22" * 32
FINGERPRINT, STRANGER = "aa" * 32, "bb" * 32
VECTOR = np.linspace(0, 1, 5, dtype=np.float32)


def test_an_embedding_comes_back_bit_for_bit() -> None:
    with Cache(":memory:") as cache:
        cache.put({ONE: VECTOR}, FINGERPRINT)
        found = cache.get([ONE, OTHER], FINGERPRINT)
    assert list(found) == [ONE]
    assert found[ONE].dtype == np.float32
    assert found[ONE].tobytes() == VECTOR.tobytes()


def test_an_embedding_of_another_fingerprint_is_never_used() -> None:
    with Cache(":memory:") as cache:
        cache.put({ONE: VECTOR}, STRANGER)
        assert cache.get([ONE], FINGERPRINT) == {}


def test_more_digests_than_one_query_takes_are_all_found() -> None:
    digests = [f"{number:064x}" for number in range(2500)]
    with Cache(":memory:") as cache:
        cache.put(dict.fromkeys(digests, VECTOR), FINGERPRINT)
        assert len(cache.get(digests, FINGERPRINT)) == 2500


def test_embeddings_survive_the_process_and_are_seen_by_another(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cache.sqlite"
    with Cache(path) as cache:
        cache.put({ONE: VECTOR}, FINGERPRINT)
        script = (
            "import sys; from featclass.embedding.cache import Cache\n"
            "with Cache(sys.argv[1]) as c: print(len(c.get([sys.argv[2]], sys.argv[3])))"
        )
        command = [sys.executable, "-c", script, str(path), ONE, FINGERPRINT]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "1"


def test_clearing_forgets_everything_and_size_tells_what_is_there(tmp_path: Path) -> None:
    with Cache(tmp_path / "c.sqlite") as cache:
        cache.put({ONE: VECTOR, OTHER: VECTOR}, FINGERPRINT)
        assert cache.size().embeddings == 2
        assert cache.size().bytes > 0
        cache.clear()
        assert cache.size().embeddings == 0
        assert cache.get([ONE], FINGERPRINT) == {}


@pytest.mark.parametrize("damage", ["no database at all", "cut off", "overwritten inside"])
def test_a_damaged_cache_is_set_aside_and_made_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c.sqlite"
    with Cache(path) as cache:
        cache.put(_many(), FINGERPRINT)
    _damage(path, damage)
    before = path.read_bytes()
    with Cache(path) as cache:
        assert cache.get(_many(), FINGERPRINT) == {}
        cache.put({ONE: VECTOR}, FINGERPRINT)
        assert cache.get([ONE], FINGERPRINT)[ONE].tolist() == VECTOR.tolist()
    assert (tmp_path / "c-damaged.sqlite").read_bytes() == before


def _many() -> dict[str, NDArray[np.float32]]:
    return {f"{number:064x}": np.zeros(500, np.float32) for number in range(100)}


def _damage(path: Path, damage: str) -> None:
    data = path.read_bytes()
    if damage == "cut off":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "overwritten inside":
        path.write_bytes(data[:4096] + b"x" * (len(data) - 4096))
    else:
        path.write_bytes(b"no database at all, but long enough to be read as one " * 40)


def test_a_cache_damaged_while_two_have_it_open_is_set_aside_once(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with Cache(path) as one, Cache(path) as other:
        one.put(_many(), FINGERPRINT)
        one._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _damage(path, "overwritten inside")
        one._connection.execute("PRAGMA shrink_memory")  # what it has read would hide that
        assert one.get(_many(), FINGERPRINT) == {}
        one.put({ONE: VECTOR}, FINGERPRINT)
        assert [*other.get([*_many(), ONE], FINGERPRINT)] in ([], [ONE])
        assert [*other.get([*_many(), ONE], FINGERPRINT)] == [ONE]


def test_what_is_forgotten_is_forgotten_under_every_encoder_and_nothing_else(
    tmp_path: Path,
) -> None:
    two, others = f"{2:064x}", f"{9:064x}"
    with Cache(tmp_path / "c.sqlite") as cache:
        for fingerprint in (FINGERPRINT, others):
            cache.put({ONE: VECTOR, two: VECTOR}, fingerprint, {ONE: b"look", two: b"look"})
        cache.forget([ONE])
        for fingerprint in (FINGERPRINT, others):
            assert [*cache.get([ONE, two], fingerprint)] == [two]
        assert [*cache.appearances([ONE, two])] == [two]


def test_a_cache_of_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FeatclassError, match=r"format version 99.* Update featclass"):
        Cache(path)


def test_clearing_frees_the_disk_while_another_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    long = np.zeros(2000, np.float32)
    with Cache(path) as cache, Cache(path) as other:
        other.put({f"{number:064x}": long for number in range(500)}, FINGERPRINT)
        full = cache.size()
        cache.clear()
        assert full.embeddings == 500
        assert full.bytes > 500 * long.nbytes
        on_disk = sum(file.stat().st_size for file in tmp_path.iterdir() if "shm" not in file.name)
        assert cache.size().bytes == on_disk < full.bytes / 20
        assert other.get([f"{1:064x}"], FINGERPRINT) == {}


def test_a_folder_where_the_cache_should_be_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FeatclassError, match="cannot be used"):
        Cache(tmp_path)


def test_a_cache_that_somebody_is_writing_to_is_not_to_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with Cache(path) as cache:
        cache.put({ONE: VECTOR}, FINGERPRINT)
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        with Cache(path, patience=0.01) as late:  # what is there can be read all the same
            assert [*late.get([ONE], FINGERPRINT)] == [ONE]
            with pytest.raises(FeatclassError, match="try again later") as raised:
                late.put({ONE: VECTOR}, FINGERPRINT)
        assert "delete" not in str(raised.value)
        assert str(tmp_path) not in str(raised.value)
        writer.close()


@pytest.mark.parametrize(
    "arguments", [["cache", "--clear"], ["embed", "{}", "--output", "e.parquet"]]
)
def test_a_busy_cache_is_no_traceback_on_the_command_line(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    fake_encoder: None,
) -> None:
    data = Path(os.environ["FEATCLASS_DATA"])
    Cache(data / cache.CACHE_FILE).close()
    monkeypatch.setattr(cache, "PATIENCE_SECONDS", 0.01)
    monkeypatch.chdir(tmp_path)
    pictures = fill(tmp_path / "pictures", ["red", "blue"])
    monkeypatch.setattr("sys.argv", ["featclass", *(a.format(pictures) for a in arguments)])
    writer = sqlite3.connect(data / cache.CACHE_FILE, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    writer.close()
    said = capfd.readouterr().err + caplog.text
    assert "Another program is writing to it: try again later." in said
    assert "Traceback" not in said
    # What was embedded is of use, though it could not be kept.
    assert ended.value.code == (1 if "cache" in arguments else 0)
