"""What the demo prints: one link per role, and what a phone needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import segno
import typer

from api.auth.secrets import grouped
from api.demo import Loaded
from api.participants.invite import invitation_link
from api.settings import Settings


def print_links(settings: Settings, loaded: Loaded) -> None:
    """Print the links, and a QR code where a phone could use it."""
    link = invitation_link(settings.public_url, loaded.code)
    typer.echo()
    typer.echo(f"Demo study {loaded.study!r}: {loaded.simulated} simulated professionals, {loaded.real} real.")
    typer.echo("Everything simulated is marked as simulated, in the database, in bundles and in reports.")
    typer.echo()
    typer.echo(f"  professional  {link}")
    typer.echo(f"                (works once; typed: {grouped(loaded.code)})")
    typer.echo(f"  operator      {settings.public_url.rstrip('/')}/api/v1/health")
    programs = Path(os.path.relpath(sys.argv[0])).parent
    typer.echo(f"  researcher    {programs / 'dyade'} export {loaded.study} -o out/bundle.zip")
    typer.echo(f"                {programs / 'dyade-analysis'} report out/bundle.zip -o out/report.html")
    typer.echo()
    if urlsplit(settings.public_url).scheme == "https":
        typer.echo("Or scan this with a phone:")
        typer.echo()
        segno.make(link, error="m").terminal(compact=True)
    else:
        typer.echo("This address works in a browser on this machine. A phone can use neither localhost nor plain")
        typer.echo("http: put an https address in front (docs/operate.md) and run: make run PUBLIC_URL=https://…")
    typer.echo()
