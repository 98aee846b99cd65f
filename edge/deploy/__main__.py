"""python -m edge.deploy VERB HOST...: put the program on boards, and look after it there."""

# pyinfra works on many boards at once with gevent, which must change the standard library before anybody imports it.
from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from functools import partial  # noqa: E402
from getpass import getpass  # noqa: E402
from pathlib import Path  # noqa: E402

from gevent.pool import Pool  # noqa: E402

from edge.cli import report_errors  # noqa: E402

if sys.stdout is None:  # pyinfra asks at its import whether that is a terminal
    sys.exit(report_errors("edge.deploy", lambda: 0))

from edge.deploy import configure, kit, parser, pull, verbs  # noqa: E402
from edge.deploy.board import Access, Board  # noqa: E402
from edge.deploy.hosts import Target, chosen  # noqa: E402
from edge.deploy.job import Job, Verb  # noqa: E402
from edge.deploy.layout import Layout  # noqa: E402
from edge.deploy.push import Push, push  # noqa: E402
from edge.deploy.show import Outcome, Show  # noqa: E402
from edge.deploy.signing import Signer, home  # noqa: E402
from edge.deploy.wheels import LOCK  # noqa: E402
from edge.errors import EXIT_FAILED, EXIT_OK, CatdogError, InputError  # noqa: E402


def main(argv: Sequence[str] | None = None, layout: Layout = Layout(), lock: Path = LOCK) -> int:  # noqa: B008 - a constant
    """Run the command line `argv` (default: the process's) and return its exit status."""
    return report_errors("edge.deploy", lambda: _main(_parsed(argv), layout, lock))


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; hosts may stand on both sides of them, which argparse alone does not take below a verb."""
    words = parser.make()
    options, rest = words.parse_known_args(argv)
    if unknown := [word for word in rest if word.startswith("-")]:
        words.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.words += rest
    return options


def _main(options: argparse.Namespace, layout: Layout, lock: Path) -> int:
    pairs = [word for word in options.words if "=" in word] if options.verb == "set" else []
    targets = chosen([word for word in options.words if word not in pairs], options.inventory)
    work = _work(options, pairs, lock)
    password = getpass("sudo password on the boards: ") if options.ask_sudo_password else ""
    access = Access(options.ssh_config, options.key, password, options.patience)
    show = Show([target.word for target in targets])
    pool = Pool(options.jobs)
    outcomes = list(pool.imap(partial(_serve, work=work, access=access, layout=layout, show=show), targets))
    show.summary(outcomes)
    return EXIT_FAILED if any(outcome.fault for outcome in outcomes) else EXIT_OK


def _serve(target: Target, work: Verb, access: Access, layout: Layout, show: Show) -> Outcome:
    """Do the work on one board; what goes wrong there is its own affair."""
    try:
        with Board(target, access, layout).connected() as board:
            return Outcome(target.word, work(Job(board, show)))
    except CatdogError as fault:
        return Outcome(target.word, "", fault)


def _work(options: argparse.Namespace, pairs: list[str], lock: Path) -> Verb:
    """Return the verb as a function of a board; what can be refused before any board is reached, is."""
    verb = options.verb
    if verb == "push":
        return partial(push, told=_told(options, lock))
    if verb == "logs":
        return partial(verbs.logs, lines=options.lines)
    if verb == "rollback":
        return partial(verbs.rollback, what=options.what)
    if verb == "uninstall":
        return partial(verbs.uninstall, keep_data=options.keep_data)
    if verb == "pull":
        return partial(pull.pull, to=options.to)
    if verb == "set":
        return partial(configure.set_, pairs=configure.checked(pairs))
    plain: Verb = getattr(verbs, verb)  # status, selftest, doctor, bench
    return plain


def _told(options: argparse.Namespace, lock: Path) -> Push:
    signer = Signer(home())
    model = kit.model(options.model, signer)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "catdog")
    wheel = options.wheel or kit.build(cache / "built")
    if not wheel.is_file() or not wheel.name.endswith(".whl"):
        raise InputError(wheel, "is no wheel", "Leave --wheel out, to build it from the checkout")
    if options.source:
        configure.checked([f"source={options.source}"])
    made = kit.Kit(wheel, lock.read_text("utf-8"), cache / "wheels", options.offline, signer)
    return Push(made, model, options.source, options.older, options.adopt, options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
