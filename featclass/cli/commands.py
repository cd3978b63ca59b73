"""The commands that show what is on this machine: kept embeddings, and encoders."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from featclass.base import config
from featclass.cli.inputs import JsonOption
from featclass.cli.output import bar, embeddings, say, tell


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Forget every embedding.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show where embeddings are kept, how many, and how large."""
    from featclass.embedding.cache import CACHE_FILE, Cache

    with Cache(config.load().data / CACHE_FILE) as embedding_cache:
        before = embedding_cache.size()
        if clear:
            embedding_cache.clear()
        size = embedding_cache.size()
    if clear:
        tell(f"Forgot {embeddings(before)}.")
    if as_json:
        say(json.dumps(asdict(size), indent=2, allow_nan=False))
    else:
        say(f"{embeddings(size)} in {size.path}")


def encoders(
    download: Annotated[
        str | None, typer.Option("--download", metavar="SPEC", help="Fetch the weights of one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List encoders: what is on this machine, size, licence, what each is good for."""
    from featclass import encoders as known

    settings = config.load()
    if download is not None:
        with bar("Downloading", unit="bytes") as progress:
            known.download(download, config=settings, progress=progress)
        tell(f"{download} is on this machine.")
        return
    rows = [
        {
            "spec": entry.spec,
            "local": known.is_local(entry.spec, settings),
            "megabytes": entry.megabytes,
            "input_pixels": entry.input_pixels,
            "licence": entry.licence,
            "advice": entry.advice,
        }
        for entry in known.CATALOGUE
    ]
    if as_json:
        say(json.dumps(rows, indent=2, allow_nan=False))
        return
    for row in rows:
        here = "on this machine" if row["local"] else f"{row['megabytes']:,} MB to download"
        if not row["local"] and known.is_offline(settings):
            here = "not on this machine, and downloads are forbidden"
        say(f"{row['spec']}\n    {row['input_pixels']} px, {row['licence']}, {here}")
        say(f"    {row['advice']}")
