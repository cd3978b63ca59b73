from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from featclass import encoders
from featclass.base.config import Config
from featclass.base.errors import DownloadCancelled, EncoderUnavailable
from featclass.encoders import hub, transfer
from tests.encoders.stand_in_hub import COMMIT, StandInHub, serving

SIZE = 3_000_000
CONTENT = bytes(range(256)) * (SIZE // 256)
CHECKPOINT = hub.Checkpoint("org/name", ("open_clip_model.safetensors", "pytorch_model.bin"))
WEIGHTS = "org/name/open_clip_model.safetensors"


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "RETRY_SECONDS", 0)


def fetch(folder: Path) -> Path:
    return transfer.fetch(
        CHECKPOINT, folder, progress=lambda done, total: None, cancelled=lambda: False
    )


def ranges(server: StandInHub) -> list[str | None]:
    return [request.headers.get("Range") for request in server.asked("GET")]


@pytest.fixture
def server(hub: StandInHub) -> StandInHub:
    hub.files[WEIGHTS] = CONTENT
    return hub


def test_a_download_lies_in_the_layout_of_a_hugging_face_cache(
    server: StandInHub, tmp_path: Path
) -> None:
    path = fetch(tmp_path)
    repository = tmp_path / "models--org--name"
    assert path == repository / "snapshots" / COMMIT / "open_clip_model.safetensors"
    assert path.read_bytes() == CONTENT
    assert (repository / "refs" / "main").read_text() == COMMIT
    assert [blob.name for blob in (repository / "blobs").iterdir()] == [server.sha256(WEIGHTS)]


def test_huggingface_hub_finds_what_was_downloaded(server: StandInHub, tmp_path: Path) -> None:
    from huggingface_hub import try_to_load_from_cache

    path = fetch(tmp_path)
    found = try_to_load_from_cache("org/name", path.name, cache_dir=tmp_path)
    assert found == str(path)


def test_bytes_are_counted_against_a_total_known_from_the_start(
    server: StandInHub, tmp_path: Path, config: Config
) -> None:
    server.files["org/name/open_clip_config.json"] = b"{}"
    told: list[tuple[int, int]] = []
    encoders.download(
        "hf-hub:org/name", config=config, progress=lambda done, total: told.append((done, total))
    )
    total = len(CONTENT) + 2
    assert {total for _, total in told} == {total}
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_dropped_connection_is_taken_up_where_it_broke(
    server: StandInHub, tmp_path: Path
) -> None:
    server.cuts = [1_000_000, 500_000]
    assert fetch(tmp_path).read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_connection_may_break_any_number_of_times_as_long_as_bytes_arrive(
    server: StandInHub, tmp_path: Path
) -> None:
    server.cuts = [200_000] * (transfer.RETRIES + 3)
    assert fetch(tmp_path).read_bytes() == CONTENT
    assert len(ranges(server)) == transfer.RETRIES + 4


def test_a_connection_that_keeps_breaking_is_given_up_and_later_resumed(
    server: StandInHub, tmp_path: Path
) -> None:
    server.cuts = [1_000_000] + [0] * (transfer.RETRIES + 1)
    with pytest.raises(EncoderUnavailable, match=r"broke off after 1 of 2 MB .* is kept"):
        fetch(tmp_path)
    server.cuts.clear()
    server.requests.clear()
    assert fetch(tmp_path).read_bytes() == CONTENT
    assert ranges(server) == ["bytes=1000000-"]


def test_a_killed_process_leaves_what_the_next_one_goes_on_from(
    server: StandInHub, tmp_path: Path
) -> None:
    server.silent_after = 1 << 21
    script = f"""
from pathlib import Path
from featclass.encoders import hub, transfer
checkpoint = hub.Checkpoint("org/name", ("open_clip_model.safetensors",))
transfer.fetch(checkpoint, Path({str(tmp_path)!r}), cancelled=lambda: False,
               progress=lambda done, total: print(done, flush=True))
"""
    root = Path(encoders.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < server.silent_after:
            pass
        os.kill(process.pid, signal.SIGKILL)
    server.silent_after = None
    server.requests.clear()
    assert fetch(tmp_path).read_bytes() == CONTENT
    [resumed] = ranges(server)
    assert resumed is not None
    assert int(resumed.removeprefix("bytes=").removesuffix("-")) > 1 << 20


def test_a_server_that_cannot_resume_sends_everything_again(
    server: StandInHub, tmp_path: Path
) -> None:
    server.cuts = [1_000_000]
    server.ignores_range = True
    assert fetch(tmp_path).read_bytes() == CONTENT


def test_a_download_is_cancelled_while_nothing_arrives_and_resumed_later(
    server: StandInHub, tmp_path: Path, config: Config
) -> None:
    server.files["org/name/open_clip_config.json"] = b"{}"
    server.silent_after = 2_000_000
    arrived: list[int] = []
    with pytest.raises(DownloadCancelled, match="is kept"):
        encoders.download(
            "hf-hub:org/name",
            config=config,
            progress=lambda done, total: arrived.append(done),
            cancelled=lambda: bool(arrived) and arrived[-1] >= 2_000_000,
        )
    server.released.set()
    server.silent_after = None
    server.requests.clear()
    encoders.download("hf-hub:org/name", config=config)
    assert encoders.is_local("hf-hub:org/name", config)
    assert ranges(server) == ["bytes=2000000-", None]


def test_a_file_that_another_process_is_at_is_waited_for_and_its_bytes_are_counted(
    server: StandInHub, tmp_path: Path
) -> None:
    etag, folder = server.sha256(WEIGHTS), CHECKPOINT.folder_name
    blobs, locks = tmp_path / folder / "blobs", tmp_path / ".locks" / folder
    for made in (blobs, locks):
        made.mkdir(parents=True)
    (blobs / f"{etag}.incomplete").write_bytes(CONTENT[:1_000_000])
    other = FileLock(locks / f"{etag}.lock")
    other.acquire()

    def progress(done: int, total: int) -> None:
        if other.is_locked and done == 1_000_000:
            assert server.asked("GET") == []
            other.release()

    path = transfer.fetch(CHECKPOINT, tmp_path, progress=progress, cancelled=lambda: False)
    assert path.read_bytes() == CONTENT
    assert ranges(server) == ["bytes=1000000-"]


def test_what_arrives_damaged_is_thrown_away(server: StandInHub, tmp_path: Path) -> None:
    server.corrupts = True
    with pytest.raises(EncoderUnavailable, match="arrived damaged"):
        fetch(tmp_path)
    server.corrupts = False
    assert fetch(tmp_path).read_bytes() == CONTENT


def test_where_links_are_not_allowed_the_snapshot_holds_the_file_itself(
    server: StandInHub, tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: str) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    path = fetch(tmp_path)
    assert path.read_bytes() == CONTENT
    assert not path.is_symlink()
    server.requests.clear()
    fetch(tmp_path)
    assert server.asked("GET") == []


def test_a_second_download_asks_for_nothing(server: StandInHub, config: Config) -> None:
    server.files["org/name/open_clip_config.json"] = b"{}"
    encoders.download("hf-hub:org/name", config=config)
    server.requests.clear()
    encoders.download("hf-hub:org/name", config=config)
    assert server.requests == []


def test_the_next_best_name_of_the_weights_is_taken_where_the_best_is_missing(
    hub: StandInHub, tmp_path: Path
) -> None:
    hub.files["org/name/pytorch_model.bin"] = b"weights"
    assert fetch(tmp_path).name == "pytorch_model.bin"


def test_the_token_stays_with_the_hub_when_the_content_comes_from_elsewhere(
    server: StandInHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    with serving(StandInHub(files=server.files)) as store:
        server.store = store
        assert fetch(tmp_path).read_bytes() == CONTENT
    assert {request.headers.get("Authorization") for request in server.requests} == {
        "Bearer secret"
    }
    assert [request.method for request in store.requests] == ["GET"]
    assert "Authorization" not in store.requests[0].headers


def test_the_hub_is_asked_for_the_files_and_told_nothing_of_this_machine(
    server: StandInHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.address)
    monkeypatch.setattr("huggingface_hub.constants.AGENT_HARNESSES_PATH", str(tmp_path / "none"))
    monkeypatch.setattr("huggingface_hub.utils._detect_agent._registry", None)
    fetch(tmp_path)
    assert {request.path.partition("/resolve/")[0] for request in server.requests} == {"/org/name"}
    assert {request.headers["user-agent"] for request in server.requests} == {"featclass"}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "GatedRepo", "terms accepted first: do so at .*/org/name, then set HF_TOKEN"),
        (401, "RepoNotFound", "There is no org/name .* or it is private"),
        (404, "RevisionNotFound", "has no revision main"),
        (404, "EntryNotFound", "has no open_clip_model.safetensors or pytorch_model.bin"),
        (418, "", "HTTP error 418"),
        (503, "", "answers with HTTP error 503"),
    ],
)
def test_a_refusal_says_what_to_do(
    server: StandInHub, tmp_path: Path, status: int, code: str, words: str
) -> None:
    server.errors["org/name"] = (status, code)
    with pytest.raises(EncoderUnavailable, match=words):
        fetch(tmp_path)


def test_what_is_no_hub_is_not_believed(server: StandInHub, tmp_path: Path) -> None:
    server.errors["org/name"] = (200, "")
    with pytest.raises(EncoderUnavailable, match="does not answer like a Hugging Face hub"):
        fetch(tmp_path)
    assert not list(tmp_path.rglob("*.incomplete"))


def test_a_full_disk_is_noticed_before_anything_is_downloaded(
    server: StandInHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=len(CONTENT) - 1))
    with pytest.raises(EncoderUnavailable, match=r"need 2 MB, and the disk of .* is full"):
        fetch(tmp_path)
    assert server.asked("GET") == []


def test_a_folder_that_cannot_be_written_is_named(server: StandInHub, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(EncoderUnavailable, match=f"cannot be written to {blocked}"):
        fetch(blocked)


def test_downloads_fill_the_models_folder_which_then_serves_a_machine_without_network(
    server: StandInHub, tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["org/name/open_clip_config.json"] = json.dumps({}).encode()
    connected = replace(config, models=tmp_path / "models")
    encoders.download("hf-hub:org/name", config=connected)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "elsewhere"))
    assert encoders.is_local("hf-hub:org/name", replace(connected, offline=True))
    assert not encoders.is_local("hf-hub:org/name", config)


def write_snapshots(models: Path, *names: str) -> Path:
    """Make snapshots, each newer than the one before, and return the repository's folder."""
    repository = models / CHECKPOINT.folder_name
    for age, name in enumerate(names):
        snapshot = repository / "snapshots" / name
        snapshot.mkdir(parents=True)
        (snapshot / CHECKPOINT.weights[0]).write_text(name)
        os.utime(snapshot, (age, age))
    return repository


def found(config: Config) -> str:
    path = hub.find(CHECKPOINT, config)
    return path.parent.name if path else ""


def test_a_models_folder_without_references_serves_its_newest_snapshot(
    tmp_path: Path, config: Config
) -> None:
    filled = replace(config, models=tmp_path)
    repository = write_snapshots(tmp_path, "old", "new", "empty")
    (repository / "snapshots" / "empty" / CHECKPOINT.weights[0]).unlink()
    os.utime(repository / "snapshots" / "empty", (9, 9))
    assert found(filled) == "new"


def test_a_reference_decides_between_snapshots(tmp_path: Path, config: Config) -> None:
    filled = replace(config, models=tmp_path)
    repository = write_snapshots(tmp_path, "old", "new")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("old")
    assert found(filled) == "old"


def test_the_models_folder_comes_before_the_users_cache(tmp_path: Path, config: Config) -> None:
    write_snapshots(hub.user_cache(), "user")
    assert found(config) == "user"
    write_snapshots(tmp_path / "models", "administrator")
    assert found(replace(config, models=tmp_path / "models")) == "administrator"
    assert found(replace(config, models=tmp_path / "empty")) == "user"


def test_a_link_to_a_blob_that_has_gone_is_no_weights_file(
    server: StandInHub, tmp_path: Path, config: Config
) -> None:
    path = fetch(tmp_path)
    filled = replace(config, models=tmp_path)
    assert hub.find(CHECKPOINT, filled) == path
    path.resolve().unlink()
    assert hub.find(CHECKPOINT, filled) is None
    assert fetch(tmp_path).read_bytes() == CONTENT


def test_a_folder_nobody_may_read_holds_no_weights(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    assert hub.find(CHECKPOINT, replace(config, models=tmp_path)) is None


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"])
def test_the_users_hugging_face_cache_is_where_the_environment_says(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.user_cache() == tmp_path / "hf" / "hub"
    monkeypatch.setenv(variable, str(tmp_path / "cache"))
    assert hub.user_cache() == tmp_path / "cache"


def test_a_proxy_named_by_the_environment_is_used(
    server: StandInHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    assert encoders.can_reach_hub()
    assert server.requests[-1].path == "http://hub.invalid/"
