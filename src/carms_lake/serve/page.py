"""A plain page, in English and French: what there is, and where."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape

_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;"
    "margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.3rem .6rem .3rem 0;vertical-align:top;"
    "border-bottom:1px solid #8884}code{overflow-wrap:anywhere}"
)
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
CSP = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What a browser lets the page do: its own style, and nothing else."""


def page(domain: str, paths: Sequence[tuple[str, str, str]]) -> bytes:
    """The page: every path with its method and what it answers; those without parameters as links.

    `paths` are method, path and summary.
    """
    rows = "".join(
        f"<tr><td>{method}</td><td>{_path(method, path)}</td><td>{escape(summary)}</td></tr>"
        for method, path, summary in paths
    )
    name = escape(domain)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>carms: {name}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>carms: {name}</h1>"
        '<p>A lake on this machine, as JSON over HTTP. <a href="/openapi.json">OpenAPI</a>, '
        '<a href="/health">health</a>, <a href="/metrics">metrics</a>.</p>'
        '<p lang="fr">Un lac de données, en JSON sur HTTP : '
        '<a href="/openapi.json">description OpenAPI</a>, <a href="/health">état</a>, '
        '<a href="/metrics">mesures</a>.</p>'
        '<table><thead><tr><th scope="col">Method<br><span lang="fr">Méthode</span></th>'
        '<th scope="col">Path<br><span lang="fr">Chemin</span></th>'
        '<th scope="col">Answer<br><span lang="fr">Réponse</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></main></body></html>"
    ).encode()


def _path(method: str, path: str) -> str:
    text = f"<code>{escape(path)}</code>"
    return f'<a href="{escape(path)}">{text}</a>' if method == "GET" and "{" not in path else text
