"""`dyade`: everything an operator does, one command each. Mistakes end with a plain sentence and exit code 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from api.clock import SystemClock
from api.db import Stores, transaction
from api.errors import DyadeError, Problem, ProtocolWrong, SettingsWrong
from api.logs import set_up_logs
from api.settings import Settings, read_settings
from api.studies.find import study_called

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
study_app = typer.Typer(no_args_is_help=True, help="Check and publish protocols.")
app.add_typer(study_app, name="study")


def say(text: str = "") -> None:
    typer.echo(text)


def stop(sentence: str, problems: list[Problem] | None = None) -> NoReturn:
    typer.echo(sentence, err=True)
    for problem in problems or []:
        typer.echo(f"  {problem.problem}", err=True)
    raise typer.Exit(2)


@contextmanager
def plain_mistakes() -> Iterator[None]:
    """Turn the expected errors into a sentence and exit code 2."""
    try:
        yield
    except DyadeError as error:
        stop(error.sentence, error.problems)
    except OperationalError as error:
        stop(f"The database does not answer or is not migrated (run `dyade migrate`): {error.orig}")


def settings() -> Settings:
    try:
        found = read_settings()
    except ValidationError as error:
        stop(SettingsWrong.sentence, [Problem(path="", problem=str(e["msg"])) for e in error.errors()])
    except OSError as error:
        stop(f"A file that a setting names cannot be read: {error.filename}")
    set_up_logs(found.log_level)
    return found


@contextmanager
def database(found: Settings) -> Iterator[Stores]:
    stores = Stores.of(found)
    try:
        with plain_mistakes():
            yield stores
    finally:
        stores.dispose()


@app.command()
def serve() -> None:
    """Run the web service."""
    import uvicorn

    from api.main import create_app
    from api.prompts.push import make_vapid_key

    found = settings()
    make_vapid_key(found.vapid_path)
    # Proxy headers are believed only when an operator says which proxy sends them.
    uvicorn.run(
        create_app(found),
        host=found.host,
        port=found.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


@app.command()
def worker() -> None:
    """Run a worker: it plans nothing and owns nothing, it delivers and ends what is due."""
    from api.worker import run_worker

    run_worker(settings())


@app.command()
def migrate(
    and_compare: Annotated[bool, typer.Option(help="Also check that the models say the same.")] = False,
) -> None:
    """Bring the databases to the present shape."""
    from alembic.util import CommandError

    from api.migrate import check_models_match
    from api.migrate import migrate as bring_up_to_date

    found = settings()
    with plain_mistakes():
        bring_up_to_date(found)
        try:
            if and_compare:
                check_models_match(found)
        except CommandError as error:
            stop(f"The models and the migrations differ: {error}")
    say("The databases are up to date.")


@study_app.command("check")
def check_study(file: Path) -> None:
    """Check a protocol document; every mistake is listed with its line."""
    from api.protocols.check import check_file

    try:
        checked = check_file(file)
    except ProtocolWrong as wrong:
        stop(wrong.sentence.replace("; nothing was published", ""), wrong.problems)
    say(f"{file}: {checked.study}, version {checked.version}, has no mistakes.")


@study_app.command("publish")
def publish_study(file: Path) -> None:
    """Publish a protocol as the study's current version."""
    from api.protocols.check import check_file
    from api.protocols.publish import publish

    with database(settings()) as stores:
        checked = check_file(file)
        with transaction(stores.main) as session:
            publish(session, checked, now=SystemClock().now())
    say(f"{checked.study}, version {checked.version}, is published.")


@app.command()
def invite(
    study: str,
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=1000, help="How many invitations.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long they can be used.")] = 31,
) -> None:
    """Make invitations; each is printed once and kept nowhere."""
    from api.auth.secrets import grouped
    from api.participants.invite import invitation_link
    from api.participants.invite import invite as make

    found = settings()
    with database(found) as stores, transaction(stores.main) as session:
        now = SystemClock().now()
        chosen = study_called(session, study)
        codes = [make(session, chosen, now=now, valid_for=timedelta(days=days)) for _ in range(number)]
    for code in codes:
        say(f"{invitation_link(found.public_url, code)}   (typed: {grouped(code)})")


@app.command()
def plan(
    study: str,
    seed: Annotated[int, typer.Option(help="The number the plan is drawn from.")] = 1,
    starts_at: Annotated[str, typer.Option(help="When the diary starts, for example 2027-01-04T08:00:00Z.")] = "",
    zone: Annotated[str, typer.Option(help="The person's time zone.")] = "Europe/Amsterdam",
    dyads: Annotated[int, typer.Option(min=1, max=50, help="How many dyads.")] = 2,
) -> None:
    """Print the plan a person with this seed gets: the same every time, so it can be preregistered."""
    from api.prompts.print_plan import plan_lines

    with database(settings()) as stores, transaction(stores.main) as session:
        lines = plan_lines(
            session, study_called(session, study), seed=seed, starts_at=starts_at, zone=zone, dyads=dyads
        )
    for line in lines:
        say(line)


@app.command()
def export(
    study: str,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the bundle is written.")] = Path("bundle.zip"),
) -> None:
    """Write a study's bundle: every table as CSV and Parquet, with codebook and protocol."""
    from api.exports.write import write_bundle

    with database(settings()) as stores:
        counts = write_bundle(stores, study, output, now=SystemClock().now())
    say(f"{output}: " + ", ".join(f"{rows} {table}" for table, rows in counts.items()))


@app.command()
def demo() -> None:
    """Migrate, load the demo study with its simulated cohort, and print a link for each role."""
    from api.demo import load_demo
    from api.demo_links import print_links

    found = settings()
    with plain_mistakes():
        loaded = load_demo(found, now=SystemClock().now())
        print_links(found, loaded)


@app.command()
def keygen() -> None:
    """Make the key that signs push messages, unless it is there."""
    from api.prompts.push import make_vapid_key, public_key

    found = settings()
    make_vapid_key(found.vapid_path)
    say(f"{found.vapid_path}: public key {public_key(found.vapid_path)}")


@app.command()
def health(
    web_only: Annotated[bool, typer.Option(help="Ask only whether the web service answers.")] = False,
) -> None:
    """Say whether the running service is well; exit code 1 when it is not."""
    import httpcore

    found = settings()
    try:
        answer = httpcore.request("GET", f"http://{found.host}:{found.port}/api/v1/health", extensions=_BRIEFLY)
        report = json.loads(answer.content)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ValueError) as error:
        say(f"The service does not answer: {type(error).__name__}")
        raise typer.Exit(1) from None
    say(json.dumps(report))
    raise typer.Exit(0 if answer.status == 200 and (web_only or report["status"] == "well") else 1)


_BRIEFLY = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), 5.0)}


@app.command()
def openapi(output: Annotated[Path, typer.Option("--output", "-o")] = Path("pwa/openapi.json")) -> None:
    """Write the description of the HTTP interface, from which the phone's types are made."""
    from api.main import create_app

    described = create_app(read_settings(environment="test", public_url="http://localhost:8000")).openapi()
    output.write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    say(f"{output}: {len(described['paths'])} addresses")


if __name__ == "__main__":
    sys.exit(app())
