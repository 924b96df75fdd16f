"""The phone app's files, with the caching that makes updates safe."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, RedirectResponse, Response

from api.errors import NotFound

UNCHANGING = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"


def mount_app(app: FastAPI, folder: Path) -> None:
    """Serve the built phone app at /app/. Addresses inside the app all lead to its one page."""
    root = (folder / "app").resolve()

    @app.get("/", include_in_schema=False)
    def open_front_door() -> Response:
        return RedirectResponse("/app/")

    @app.get("/app", include_in_schema=False)
    def open_app_without_slash() -> Response:
        return RedirectResponse("/app/")

    @app.api_route("/app/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def open_app(path: str) -> Response:
        try:
            file = (root / path).resolve()
            found = file.is_file()
        except (OSError, ValueError):
            # No file system takes such a name: too long, or with a zero in it.
            raise NotFound() from None
        if path and found and file.is_relative_to(root):
            return FileResponse(
                file, headers={"cache-control": UNCHANGING if path.startswith("assets/") else ALWAYS_ASK}
            )
        # A missing chunk must fail as missing: a page in its place would break the app in a hidden way.
        if path.startswith("assets/") or "." in path.rpartition("/")[2] or not (root / "index.html").is_file():
            raise NotFound()
        return FileResponse(root / "index.html", headers={"cache-control": ALWAYS_ASK})
