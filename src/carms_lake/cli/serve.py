"""`serve`: the lake over HTTP, an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from carms_lake.cli.command import command, option
from carms_lake.cli.context import Call

Host = Annotated[str, option("--host ADDRESS", "The address to serve on; another one needs a key.")]
Port = Annotated[int, option("--port PORT", "The port; 0 takes a free one.", min=0, max=65535)]
KeyFile = Annotated[
    Path | None,
    option("--key-file FILE", "API keys, one a line (default: the one in CARMS_API_KEY)."),
]
Rate = Annotated[
    float | None,
    option(
        "--rate N",
        "Requests a second of one client, 0 for no limit (default: none here, else 50).",
        min=0,
    ),
]
Origins = Annotated[
    list[str] | None,
    option("--cors ORIGIN", "An origin whose pages may read answers; repeatable (default: none)."),
]
Hosts = Annotated[
    list[str] | None,
    option("--allow-host NAME", "A host name to answer under; repeatable."),
]
Proxy = Annotated[
    str | None,
    option("--behind-proxy ADDRESS", "A proxy that names the client in X-Forwarded-For."),
]
HasQuery = Annotated[
    bool, option("--allow-query", "Answer SQL at /api/v1/query, in the sandbox of `query`.")
]

app = typer.Typer()


@command(app)
def serve(
    call: Call,
    host: Host = "127.0.0.1",
    port: Port = 8321,
    key_file: KeyFile = None,
    rate: Rate = None,
    cors: Origins = None,
    allow_host: Hosts = None,
    behind_proxy: Proxy = None,
    allow_query: HasQuery = False,
) -> None:
    """Answer over HTTP from the published file.

    It needs the extra `carms-lake[serve]`. A newly published file is served as soon as it is there.
    Ctrl-C ends it, once running requests are answered.
    """
    from carms_lake.api import Lake
    from carms_lake.serve import ensure_installed, run

    ensure_installed()
    from carms_lake.serve.keys import read_keys
    from carms_lake.serve.settings import Settings

    settings = Settings(
        host=host,
        port=port,
        keys=read_keys(key_file),
        rate=rate,
        origins=tuple(cors or ()),
        hosts=tuple(name.lower() for name in allow_host or ()),
        proxy=behind_proxy,
        has_query=allow_query,
        is_quiet=call.quiet,
    )
    run(Lake(call.config()), settings)
