"""How text is sent: compressed once, to those who take it, and not at all to those who have it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from featclass.web.routes import compression, frontend
from featclass.web.routes.compression import CompressedFiles

SCRIPT = b"export const right = 'yes'\n" * 500
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def files(tmp_path: Path) -> TestClient:
    """A script, a short one and a picture, that browsers may keep for a minute."""
    (tmp_path / "script.js").write_bytes(SCRIPT)
    (tmp_path / "short.js").write_bytes(b"1\n")
    (tmp_path / "picture.png").write_bytes(bytes(5000))
    mount = Mount("/files", CompressedFiles(tmp_path, "max-age=60"))
    return TestClient(Starlette(routes=[mount]), base_url="http://localhost")


def sent(client: TestClient, path: str, headers: dict[str, str]) -> tuple[bytes, str]:
    """Return the bytes as they pass, and how they are encoded."""
    with client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        return b"".join(answer.iter_raw()), answer.headers.get("content-encoding", "")


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP ; q=1", "deflate,gzip"])
def test_a_script_is_sent_compressed_to_who_takes_it(files: TestClient, accepted: str) -> None:
    body, encoding = sent(files, "/files/script.js", {"Accept-Encoding": accepted})
    assert encoding == "gzip"
    assert gzip.decompress(body) == SCRIPT
    assert len(body) < len(SCRIPT) / 10


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip;q=0.0", "xgzip"])
def test_a_script_is_sent_as_it_is_to_who_does_not(files: TestClient, accepted: str) -> None:
    assert sent(files, "/files/script.js", {"Accept-Encoding": accepted}) == (SCRIPT, "")


@pytest.mark.parametrize("name", ["short.js", "picture.png"])
def test_what_would_not_become_smaller_is_sent_as_it_is(files: TestClient, name: str) -> None:
    assert sent(files, f"/files/{name}", GZIP)[1] == ""


def test_caches_are_told_that_there_are_two_ways_and_how_long_to_keep_them(
    files: TestClient,
) -> None:
    for headers in (GZIP, PLAIN, {**PLAIN, "Range": "bytes=0-4"}):
        answer = files.get("/files/script.js", headers=headers)
        assert answer.headers["vary"].lower() == "accept-encoding"
        assert answer.headers["cache-control"] == "max-age=60"
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def test_a_file_is_compressed_once_and_anew_when_it_changes(
    files: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    original = compression.Text

    def counted(body: bytes, kind: str, cache_control: str) -> compression.Text:
        made.append(len(body))
        return original(body, kind, cache_control)

    monkeypatch.setattr(compression, "Text", counted)
    for _ in range(3):
        assert files.get("/files/script.js", headers=GZIP).content == SCRIPT
    assert made == [len(SCRIPT)]
    (tmp_path / "script.js").write_bytes(SCRIPT * 2)
    assert files.get("/files/script.js", headers=GZIP).content == SCRIPT * 2


@pytest.mark.parametrize("way", [GZIP, PLAIN])
def test_who_has_it_is_sent_nothing(files: TestClient, way: dict[str, str]) -> None:
    tag = files.get("/files/script.js", headers=way).headers["etag"]
    for listed in (tag, f'"other", {tag}', "*"):
        answer = files.get("/files/script.js", headers={**way, "If-None-Match": listed})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["vary"].lower() == "accept-encoding"
    other = files.get("/files/script.js", headers={**way, "If-None-Match": '"other"'})
    assert other.content == SCRIPT


def test_who_asks_for_the_headers_gets_those_of_the_answer_alone(files: TestClient) -> None:
    answer = files.get("/files/script.js", headers=GZIP)
    head = files.head("/files/script.js", headers=GZIP)
    assert head.content == b""
    assert head.headers == answer.headers


def test_a_part_of_a_script_is_a_part_of_what_it_is(files: TestClient) -> None:
    part = {"Range": "bytes=7-11"}
    answer = files.get("/files/script.js", headers={**GZIP, **part})
    assert answer.status_code == 206
    assert answer.content == SCRIPT[7:12]
    assert "content-encoding" not in answer.headers
    tag = files.get("/files/script.js", headers=GZIP).headers["etag"]
    whole = files.get("/files/script.js", headers={**GZIP, **part, "If-Range": tag})
    assert whole.status_code == 200
    assert whole.content == SCRIPT


def test_the_page_names_featclass_and_no_font_of_streamlits(client: TestClient) -> None:
    for path in ("/", "/index.html"):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"].startswith("text/html")
        assert "<title>featclass</title>" in answer.text
        assert "SourceSans" not in answer.text
        tag = answer.headers["etag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_all_that_the_page_names_is_sent_compressed_and_kept_for_a_year(client: TestClient) -> None:
    names = re.findall(r'(?:src|href)="\.(/static/[^"]+)"', client.get("/").text)
    assert any(name.endswith(".css") for name in names)
    assert len(names) > 10
    for name in names:
        body, encoding = sent(client, name, GZIP)
        content = (frontend.folder() / name.lstrip("/")).read_bytes()
        assert (gzip.decompress(body) if encoding else body) == content
        assert encoding or len(content) < compression.LEAST
        cached = client.get(name).headers["cache-control"]
        assert cached == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/static/js/none.js", "/static/", "/static/%2e%2e/x.py"])
def test_nothing_else_is_read_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 400)


def test_styles_of_our_own_are_sent_compressed_and_fonts_as_they_are(client: TestClient) -> None:
    assert sent(client, "/assets/page.css", GZIP)[1] == "gzip"
    assert sent(client, "/assets/inter-latin.woff2", GZIP)[1] == ""
