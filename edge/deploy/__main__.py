"""python -m edge.deploy VERB HOST...: put the program on boards, and look after it there."""

# pyinfra works on many boards at once with gevent, which must change the standard library before anybody imports it.
from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402

from gevent.pool import Pool  # noqa: E402

from edge.classifier import DEFAULT_MODEL  # noqa: E402
from edge.cli import report_errors  # noqa: E402
from edge.deploy import kit, verbs  # noqa: E402
from edge.deploy.board import Access, Board  # noqa: E402
from edge.deploy.hosts import Target, chosen  # noqa: E402
from edge.deploy.layout import Layout  # noqa: E402
from edge.deploy.show import Outcome, Show  # noqa: E402
from edge.deploy.signing import Signer, home  # noqa: E402
from edge.deploy.wheels import LOCK  # noqa: E402
from edge.errors import EXIT_FAILED, EXIT_OK, CatdogError, InputError  # noqa: E402

VERBS = {
    "push": "make boards run this release and this model, or leave them as they were",
    "status": "say what boards are, what they run, and how that does",
    "logs": "show the last lines of the service",
    "rollback": "go back to the release from before",
    "selftest": "ask the model its golden pictures on the board",
    "doctor": "let the board's own doctor look it over",
    "bench": "measure the model on the board",
    "set": "change settings of the service",
    "uninstall": "take everything away",
}


def main(argv: Sequence[str] | None = None, layout: Layout = Layout(), lock: Path = LOCK) -> int:  # noqa: B008 - a constant
    """Run the command line `argv` (default: the process's) and return its exit status."""
    options = _parser().parse_args(argv)
    return report_errors("edge.deploy", lambda: _main(options, layout, lock))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge.deploy", description="Put catdog on boards, and look after it there."
    )
    rows = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, purpose in VERBS.items():
        row = rows.add_parser(verb, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        metavar, what = ("HOST", "a board: USER@HOST:PORT") if verb != "set" else ("WORD", "boards, and NAME=VALUE")
        row.add_argument("words", nargs="*", metavar=metavar, help=what)
        row.add_argument(
            "--inventory", type=Path, metavar="FILE", help="a board on each line: USER@HOST:PORT [source=WORD]"
        )
        row.add_argument("--jobs", type=int, default=20, metavar="N", help="so many boards at once (20)")
        row.add_argument("--ask-sudo-password", action="store_true", help="ask once for the password of sudo")
        row.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
        row.add_argument("--key", type=Path, metavar="FILE", help="the ssh key to log in with")
        _special(verb, row)
    return parser


def _special(verb: str, row: argparse.ArgumentParser) -> None:
    if verb == "push":
        row.add_argument(
            "--model", type=Path, default=DEFAULT_MODEL, metavar="FILE", help="a .tflite made by python -m convert"
        )
        row.add_argument(
            "--source", default="", metavar="SOURCE", help="what to watch (the first camera, else the demo)"
        )
        row.add_argument("--offline", action="store_true", help="ask no index: take wheels from the cache")
        row.add_argument("--wheel", type=Path, metavar="FILE", help="the program's wheel (built from the checkout)")
        row.add_argument("--older", action="store_true", help="push a model that is older than the board's")
        row.add_argument("--adopt", action="store_true", help="push to a board that another workstation has set up")
        row.add_argument("--dry-run", action="store_true", help="say what would be done")
    elif verb == "logs":
        row.add_argument("--lines", type=int, default=30, metavar="N", help="how many (30)")
    elif verb == "rollback":
        row.add_argument(
            "--model",
            dest="what",
            action="store_const",
            const="model",
            default="release",
            help="the model, not the release",
        )
    elif verb == "uninstall":
        row.add_argument(
            "--keep-data", action="store_true", help="leave models, settings and what the service has kept"
        )


def _main(options: argparse.Namespace, layout: Layout, lock: Path) -> int:
    pairs = [word for word in options.words if "=" in word] if options.verb == "set" else []
    targets = chosen([word for word in options.words if word not in pairs], options.inventory)
    work = _work(options, pairs, lock)
    access = Access(options.ssh_config, options.key, _sudo_password(options))
    show = Show([target.word for target in targets])
    pool = Pool(max(1, options.jobs))
    outcomes = list(pool.imap(partial(_serve, work=work, access=access, layout=layout, show=show), targets))
    show.summary(outcomes)
    return EXIT_FAILED if any(outcome.fault for outcome in outcomes) else EXIT_OK


def _serve(target: Target, work: verbs.Verb, access: Access, layout: Layout, show: Show) -> Outcome:
    """Do the work on one board; what goes wrong there is its own affair."""
    try:
        with Board(target, access, layout).connected() as board:
            return Outcome(target.word, work(verbs.Job(board, show, layout, bool(access.sudo_password))))
    except CatdogError as fault:
        return Outcome(target.word, "", fault)


def _work(options: argparse.Namespace, pairs: list[str], lock: Path) -> verbs.Verb:
    """Return the verb as a function of a board; what can be refused before any board is reached, is."""
    verb = options.verb
    if verb == "push":
        return partial(verbs.push, told=_told(options, lock))
    if verb == "logs":
        return partial(verbs.logs, lines=max(1, options.lines))
    if verb == "rollback":
        return partial(verbs.rollback, what=options.what)
    if verb == "uninstall":
        return partial(verbs.uninstall, keep_data=options.keep_data)
    if verb == "set":
        return partial(verbs.set_, pairs=_checked(pairs))
    simple: dict[str, Callable[[verbs.Job], str]] = {
        "status": verbs.status,
        "selftest": verbs.selftest,
        "doctor": verbs.doctor,
        "bench": verbs.bench,
    }
    return simple[verb]


def _told(options: argparse.Namespace, lock: Path) -> verbs.Push:
    signer = Signer(home())
    model = kit.model(options.model, signer)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "catdog")
    wheel = options.wheel or kit.build(cache / "built")
    if not wheel.is_file() or not wheel.name.endswith(".whl"):
        raise InputError(wheel, "is no wheel", "Leave --wheel out, to build it from the checkout")
    if options.source:
        _checked([f"source={options.source}"])
    made = kit.Kit(wheel, lock.read_text("utf-8"), cache / "wheels", options.offline, signer)
    return verbs.Push(made, model, options.source, options.older, options.adopt, options.dry_run)


def _checked(pairs: list[str]) -> dict[str, str]:
    """Return settings that `catdog run` would take; others are an InputError that says why."""
    import contextlib
    import io

    from edge import settings
    from edge.commands import run

    if not pairs:
        raise InputError(
            "NAME=VALUE", "is missing", "Write for instance max-fps=5; an empty value takes a setting away"
        )
    found = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    text = ""
    for name, value in found.items():
        text = settings.changed(text, name, value)
    parser = argparse.ArgumentParser(prog="set", exit_on_error=False)
    run.add_arguments(parser)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parser.parse_args([word for line in text.splitlines() for word in settings.words(line)])
    except (SystemExit, argparse.ArgumentError) as fault:
        why = (said.getvalue().strip().splitlines() or [str(fault)])[-1].rpartition("error: ")[2]
        raise InputError(
            ", ".join(pairs), f"is nothing that catdog run takes ({why})", "See catdog run --help"
        ) from None
    return found


def _sudo_password(options: argparse.Namespace) -> str:
    if not options.ask_sudo_password:
        return ""
    import getpass

    return getpass.getpass("sudo password on the boards: ")


if __name__ == "__main__":
    sys.exit(main())
