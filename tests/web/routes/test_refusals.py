"""What makes no sense is refused in a sentence: paths, numbers, JSON, routes that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from featclass.server.studio import studio
from featclass.web.routes import MIDDLEWARE, ROUTES
from tests.filled import OURS, first


def page_app(tmp_path: Path) -> Starlette:
    """Answer every path that is not known with the page, as Streamlit does."""
    page = tmp_path / "index.html"
    page.write_text("<title>the page</title>")
    taken: list[int] = []

    async def any_path(request: Request) -> Any:
        return FileResponse(page)

    async def upload(request: Request) -> Any:
        taken.append(len(await request.body()))
        return PlainTextResponse("", 204)

    app = Starlette(
        routes=[
            *ROUTES,
            Route("/_stcore/upload_file/{session}/{file}", upload, methods=["PUT", "DELETE"]),
            Mount("/", app=Starlette(routes=[Route("/{path:path}", any_path)])),
        ],
        middleware=list(MIDDLEWARE),
    )
    app.state.taken = taken
    return app


@pytest.mark.parametrize("path", ["/typo", "/a/b/c", "/index.php", "/_stcore/typo", "/.env"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_unknown_path_is_not_found_instead_of_being_the_page(
    tmp_path: Path, path: str, method: str
) -> None:
    client = TestClient(page_app(tmp_path), base_url="http://localhost")
    answer = client.request(method, path)
    assert answer.status_code == 404
    assert "the page" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "the page" in client.get("/?w=abc").text
    ranged = client.get(path, headers={"Range": "bytes=0-3"})
    assert ranged.status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "OPTIONS"])
def test_nothing_is_taken_by_the_upload_route_of_streamlit(tmp_path: Path, method: str) -> None:
    app = page_app(tmp_path)
    client = TestClient(app, base_url="http://localhost")
    answer = client.request(method, "/_stcore/upload_file/a/b", content=bytes(1000), headers=OURS)
    assert answer.status_code == 404
    assert app.state.taken == []


@pytest.mark.parametrize("path", ["sets/{}", "tried/{}", "sets/{}?from=0", "judged?true={}",
                                  "sets/1?from={}", "sets/1?count={}"])  # fmt: skip
def test_a_number_of_five_thousand_digits_is_not_found_and_has_the_headers_of_all_answers(
    client: TestClient, token: str, path: str
) -> None:
    answer = client.get(f"/api/w/{token}/{path.format('9' * 5000)}")
    assert answer.status_code == 404
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert len(answer.json()["error"]) < 200


@pytest.mark.parametrize("number", ["-1", "1e3", "true", "null", "[1]", "1.0", "²", "%00", ""])
def test_what_is_no_number_in_an_address_is_refused(
    client: TestClient, token: str, number: str
) -> None:
    for query in (f"from={number}", f"count={number}"):
        assert client.get(f"/api/w/{token}/sets/{first(token)}?{query}").status_code == 404


def test_what_goes_wrong_on_our_side_is_a_sentence_with_the_headers_of_all_answers(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(studio().workspaces, "open", broken)
    answer = client.get(f"/api/w/{token}/tried")
    assert answer.status_code == 500
    assert answer.json()["error"] == "Something went wrong on our side (ZeroDivisionError)."
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x"])
def test_what_comes_compressed_is_refused_unread(
    client: TestClient, token: str, encoding: str
) -> None:
    headers = {**OURS, "Content-Encoding": encoding}
    answer = client.post(f"/api/w/{token}/act", content=b"x", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "body",
    [b"[" * 10_000, b'{"set":' * 10_000, b"1" * 5000, b'{"set": ' + b"1" * 5000 + b"}", b"NaN",
     b'{"set": 1, "paths": {"a": 1e999}}', b"\xff\xfe", b"", b'"', b"null", b"[]", b"true"],
)  # fmt: skip
@pytest.mark.parametrize("route", ["act", "plan", "batches/folder"])
def test_json_that_makes_no_sense_is_refused_in_a_sentence(
    client: TestClient, token: str, route: str, body: bytes
) -> None:
    answer = client.post(f"/api/w/{token}/{route}", content=body, headers=OURS)
    assert answer.status_code == 400
    assert answer.json()["error"]
