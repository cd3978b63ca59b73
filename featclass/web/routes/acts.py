"""The route for what a person does to the labelled sets and to the pictures tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypedDict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from featclass.base import UploadRefused
from featclass.server.studio import studio
from featclass.web.routes.requests import parsed, refusing
from featclass.workspaces import Act

Work = Callable[[], object]


class Done(TypedDict, total=False):
    """What came of an act; empty for what is not undone."""

    act: int
    """Its number, with which to undo it."""
    what: str
    """In words."""
    version: int
    """Of the workspace that has it: what a page drew before does not know of it."""
    undone: str | None
    """What an "undo" without a number undid: the last thing that this visitor did."""


async def act(request: Request) -> Done:
    """Do one thing, named by `do`; raises `UploadRefused`, in a sentence, where it cannot be."""
    body = await request.body()
    return await run_in_threadpool(_done, request.path_params["token"], body)


def _done(token: str, body: bytes) -> Done:
    store = studio().workspaces
    with refusing("that is not JSON"):
        asked = parsed(body)
        if isinstance(asked, dict) and any(isinstance(value, bool) for value in asked.values()):
            raise ValueError("true, counting as 1, is no id")
        work = None if asked == {"do": "undo"} else _work(token, asked)
    if work is None:
        undone = store.undo_last(token)
        return {"undone": None if undone is None else undone.what}
    act = work()
    if not isinstance(act, Act):
        return {}
    return {"act": act.id, "what": act.what, "version": store.version(token)}


def _work(token: str, asked: Any) -> Work:
    work = _on_sets(token, asked) or _on_pictures(token, asked) or _on_findings(token, asked)
    if work is None:
        raise UploadRefused("This page is older than the server: load it again.")
    return work


def _on_sets(token: str, asked: Any) -> Work | None:
    store = studio().workspaces
    match asked:
        case {"do": "rename", "set": int(set_id), "name": str(name)}:
            return partial(store.rename_set, token, set_id, name)
        case {"do": "rename", "names": [*pairs]}:
            ids = _whole([set_id for set_id, _ in pairs])
            names = {set_id: str(name) for set_id, name in pairs}
            return partial(store.rename_sets, token, [(set_id, names[set_id]) for set_id in ids])
        case {"do": "add set"}:
            return partial(store.add_set, token)
        case {"do": "remove set", "set": int(set_id)}:
            seen = asked.get("seen")
            known = seen if isinstance(seen, int) else None
            return partial(store.remove_set, token, set_id, seen=known)
        case {"do": "dismiss", "set": int() | "try" as place}:
            return partial(store.dismiss_rejected, token, None if place == "try" else place)
        case {"do": "clear tried"}:
            return partial(store.clear_tried, token)
    return None


def _on_pictures(token: str, asked: Any) -> Work | None:
    store = studio().workspaces
    if isinstance(asked, dict) and "picture" in asked:
        asked = {**asked, "pictures": [asked["picture"]]}
    match asked:
        case {"do": "move", "pictures": [*ids], "set": int(set_id)}:
            return partial(store.move_pictures, token, _whole(ids), set_id)
        case {"do": "move", "pictures": [*ids], "new set": str(name)}:
            return partial(store.move_to_new_set, token, _whole(ids), name)
        case {"do": "leave out", "pictures": [*ids]}:
            reason = str(asked.get("reason", ""))
            return partial(store.leave_out_pictures, token, _whole(ids), reason)
        case {"do": "take back", "picture": int(picture_id)}:
            return partial(store.take_back, token, picture_id)
        case {"do": "none of these", "pictures": [*ids]}:
            return partial(store.none_of_these, token, _whole(ids))
        case {"do": "remove picture", "picture": int(picture_id)}:
            return partial(store.remove_picture, token, picture_id)
        case {"do": "remove pictures", "pictures": [*ids]}:
            return partial(store.remove_pictures, token, _whole(ids))
    return None


def _on_findings(token: str, asked: Any) -> Work | None:
    """Return what is said of a finding; or the undoing of an act, by its number."""
    store = studio().workspaces
    match asked:
        case {"do": "accept", "key": str(key)}:
            return partial(store.accept, token, key, str(asked.get("about", "")))
        case {"do": "withdraw", "key": str(key)}:
            return partial(store.withdraw, token, key, str(asked.get("about", "")))
        case {"do": "undo", "act": int(act_id)}:
            return partial(store.undo, token, act_id)
    return None


def _whole(ids: list[Any]) -> list[int]:
    """Return distinct ids in their order; raises `ValueError` where one is no whole number."""
    if not all(type(number) is int for number in ids):  # JSON has 1e999 too, and true counts as 1
        raise ValueError("an id is a whole number")
    return list(dict.fromkeys(ids))
