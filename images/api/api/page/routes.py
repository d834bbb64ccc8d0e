"""The page at `/`: files of this package, under a policy that lets a browser load nothing else."""

from importlib.resources import files

from fastapi import FastAPI
from starlette.responses import Response

from api.errors import NotFoundError

INDEX = "index.html"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS = {
    # No script, style, image or connection of anybody else's, nothing inline, and no form that is
    # sent without the page's script: a key could else end up in an address.
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # Files have the same names in the next version of this image.
    "Cache-Control": "no-store",
}


def add_page(app: FastAPI) -> None:
    """Serve the page and its files, which are read here, once."""
    assets = {
        file.name: _response(file.name, file.read_bytes())
        for file in files("api.page").joinpath("assets").iterdir()
    }

    @app.get("/")
    async def page() -> Response:
        return assets[INDEX]

    @app.get("/page/{name}")
    async def asset(name: str) -> Response:
        if name not in assets:
            raise NotFoundError("the page has no such file")
        return assets[name]


def _response(name: str, content: bytes) -> Response:
    suffix = f".{name.rpartition('.')[2]}"
    return Response(content, headers=HEADERS | {"Content-Type": MEDIA_TYPES[suffix]})
