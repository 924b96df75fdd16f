"""The web service: routes, the phone app's files, and one way to answer for errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api import __version__, tables  # noqa: F401  (foreign keys need every table known)
from api.assessments.routes import router as assessments
from api.clock import Clock, SystemClock
from api.db import TURNS, Stores
from api.dyads.routes import router as dyads
from api.entries.group_commit import EntryWriter
from api.entries.routes import router as entries
from api.errors import DyadeError, Malformed, NotFound, Problem
from api.health import router as health
from api.me.routes import router as me
from api.participants.routes import router as participants
from api.prompts.push import public_key
from api.prompts.routes import router as prompts
from api.settings import Settings, get_settings
from api.static import mount_app
from api.web import BodyLimit, SafetyHeaders, safety_headers

ROUTERS = (health, participants, me, dyads, prompts, assessments, entries)
log = structlog.get_logger()


def create_app(
    settings: Settings | None = None, *, stores: Stores | None = None, clock: Clock | None = None
) -> FastAPI:
    """The service as an ASGI application. Tests hand in their own stores and clock."""
    settings = settings or get_settings()
    hidden = settings.environment == "production"
    app = FastAPI(
        title="Dyade",
        version=__version__,
        lifespan=_lifespan,
        openapi_url=None if hidden else "/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.clock = clock or SystemClock()
    app.state.stores = stores or Stores.of(settings)
    app.state.turns = asyncio.Semaphore(TURNS)
    app.state.vapid_public_key = public_key(settings.vapid_path)
    for router in ROUTERS:
        app.include_router(router)
    mount_app(app, settings.app_dir)
    app.add_middleware(BodyLimit)
    app.add_middleware(SafetyHeaders)
    app.add_exception_handler(DyadeError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_malformed)
    app.add_exception_handler(HTTPException, _refuse_other)
    app.add_exception_handler(Exception, _apologise)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.entry_writer = EntryWriter(app.state.stores.main, app.state.clock)
    yield
    app.state.entry_writer.stop()


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DyadeError)
    return JSONResponse(error.body(), status_code=error.status)


async def _refuse_malformed(_request: Request, error: Exception) -> JSONResponse:
    # The input itself is left out of the answer: what people write does not belong in error texts or logs.
    assert isinstance(error, RequestValidationError)
    problems = [Problem(path=".".join(map(str, e["loc"])), problem=e["msg"]) for e in error.errors()[:20]]
    return JSONResponse(Malformed(problems=problems).body(), status_code=422)


async def _refuse_other(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return JSONResponse(NotFound().body(), status_code=404)
    if error.status_code >= 500:
        return JSONResponse(DyadeError().body(), status_code=error.status_code)
    body = Malformed(str(error.detail)).body()
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


async def _apologise(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected", error=type(error).__name__, path=request.url.path, method=request.method)
    # This one answer leaves outside the middleware, so it brings its safety headers itself.
    return JSONResponse(DyadeError().body(), status_code=500, headers=safety_headers(request.url.path))
