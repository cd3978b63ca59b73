"""The route for what a person does to the labelled sets and to the pictures tried."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.base import FeatclassError, UploadRefused
from featclass.server.studio import studio
from featclass.workspaces import Act


async def act(request: Request) -> Response:
    """Do one thing, named by `do`; answers when it is done, or why it cannot be, in a sentence.

    In the answer are the number of the act, with which to undo it, its words, and the version of
    the workspace that has it: what a page drew before does not know of it. To `undo` without a
    number it answers with what was `undone`: the last thing that this visitor did.
    """
    token = request.path_params["token"]
    try:
        asked = await request.json()
        if asked == {"do": "undo"}:
            undone = await run_in_threadpool(studio().workspaces.undo_last, token)
            return JSONResponse({"undone": None if undone is None else undone.what})
        done = await run_in_threadpool(_act, token, _without_truths(asked))
        version = await run_in_threadpool(studio().workspaces.version, token)
    except (ValueError, TypeError, RecursionError):
        return JSONResponse({"error": "that is not JSON"}, 400)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    if done is None:
        return JSONResponse({})
    return JSONResponse({"act": done.id, "what": done.what, "version": version})


def _act(token: str, done: Any) -> Act | None:
    store = studio().workspaces
    match done:
        case {"do": "rename", "set": int(set_id), "name": str(name)}:
            return store.rename_set(token, set_id, name)
        case {"do": "rename", "names": [*pairs]}:
            ids = _whole([set_id for set_id, _ in pairs])
            names = {set_id: str(name) for set_id, name in pairs}
            return store.rename_sets(token, [(set_id, names[set_id]) for set_id in ids])
        case {"do": "add set"}:
            store.add_set(token)
        case {"do": "remove set", "set": int(set_id)}:
            seen = done.get("seen")
            return store.remove_set(token, set_id, seen=seen if isinstance(seen, int) else None)
        case {"do": "move", "picture": int(picture_id), "set": int(set_id)}:
            return store.move_picture(token, picture_id, set_id)
        case {"do": "leave out", "picture": int(picture_id)}:
            return store.leave_out(token, picture_id, str(done.get("reason", "")))
        case {"do": "move", "pictures": [*ids], "set": int(set_id)}:
            return store.move_pictures(token, _whole(ids), set_id)
        case {"do": "move", "pictures": [*ids], "new set": str(name)}:
            return store.move_to_new_set(token, _whole(ids), name)
        case {"do": "none of these", "picture": int(picture_id)}:
            return store.none_of_these(token, [picture_id])
        case {"do": "none of these", "pictures": [*ids]}:
            return store.none_of_these(token, _whole(ids))
        case {"do": "undo", "act": int(act_id)}:
            store.undo(token, act_id)
        case {"do": "leave out", "pictures": [*ids]}:
            return store.leave_out_pictures(token, _whole(ids), str(done.get("reason", "")))
        case {"do": "take back", "picture": int(picture_id)}:
            return store.take_back(token, picture_id)
        case {"do": "accept", "key": str(key)}:
            return store.accept(token, key, str(done.get("about", "")))
        case {"do": "withdraw", "key": str(key)}:
            return store.withdraw(token, key, str(done.get("about", "")))
        case {"do": "remove picture", "picture": int(picture_id)}:
            return store.remove_picture(token, picture_id)
        case {"do": "remove pictures", "pictures": [*ids]}:
            return store.remove_pictures(token, _whole(ids))
        case {"do": "dismiss", "set": int() | "try" as where}:
            return store.dismiss_rejected(token, None if where == "try" else where)
        case {"do": "clear tried"}:
            return store.clear_tried(token)
        case _:
            raise UploadRefused("This page is older than the server: load it again.")
    return None


def _without_truths(asked: Any) -> Any:
    """Return what is asked; raises `ValueError` where `true`, counting as 1, stands for an id."""
    if isinstance(asked, dict) and any(isinstance(value, bool) for value in asked.values()):
        raise ValueError("true is no id")
    return asked


def _whole(ids: list[Any]) -> list[int]:
    """Return distinct ids in their order; raises `ValueError` where one is no whole number."""
    if not all(type(one) is int for one in ids):  # JSON has 1e999 too, and true counts as 1
        raise ValueError("an id is a whole number")
    return list(dict.fromkeys(ids))
