"""The route for what a person does to the labelled sets and to the pictures tried."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.errors import FeatclassError, UploadRefused
from featclass.studio import studio
from featclass.workspaces import Act


async def act(request: Request) -> Response:
    """Do one thing, named by `do`; answers when it is done, or why it cannot be, in a sentence.

    The number of a move is in the answer, with which to undo it.
    """
    try:
        done = await run_in_threadpool(_act, request.path_params["token"], await request.json())
    except (ValueError, TypeError, RecursionError):
        return JSONResponse({"error": "that is not JSON"}, 400)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"act": done.id} if done is not None else {})


def _act(token: str, done: Any) -> Act | None:
    """Return the act where it is one to be offered for undoing beside the pictures themselves."""
    store = studio().workspaces
    match done:
        case {"do": "rename", "set": int(set_id), "name": str(name)}:
            store.rename_set(token, set_id, name)
        case {"do": "rename", "names": [*pairs]}:
            store.rename_sets(token, [(int(set_id), str(name)) for set_id, name in pairs])
        case {"do": "add set"}:
            store.add_set(token)
        case {"do": "remove set", "set": int(set_id)}:
            store.remove_set(token, set_id)
        case {"do": "move", "picture": int(picture_id), "set": int(set_id)}:
            return store.move_picture(token, picture_id, set_id)
        case {"do": "leave out", "picture": int(picture_id)}:
            store.leave_out(token, picture_id, str(done.get("reason", "")))
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
            store.leave_out_pictures(token, _whole(ids), str(done.get("reason", "")))
        case {"do": "take back", "picture": int(picture_id)}:
            store.take_back(token, picture_id)
        case {"do": "accept", "key": str(key)}:
            store.accept(token, key, str(done.get("about", "")))
        case {"do": "withdraw", "key": str(key)}:
            store.withdraw(token, key, str(done.get("about", "")))
        case {"do": "remove picture", "picture": int(picture_id)}:
            store.remove_picture(token, picture_id)
        case {"do": "dismiss", "set": int() | "try" as where}:
            store.dismiss_rejected(token, None if where == "try" else where)
        case {"do": "clear tried"}:
            store.clear_tried(token)
        case _:
            raise UploadRefused("This page is older than the server: load it again.")
    return None


def _whole(ids: list[Any]) -> list[int]:
    """Return distinct ids in their order; raises `ValueError` where one is no whole number."""
    if not all(isinstance(one, int) for one in ids):  # JSON has 1e999 too
        raise ValueError("an id is a whole number")
    return list(dict.fromkeys(ids))
