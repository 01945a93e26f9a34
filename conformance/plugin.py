"""pytest hooks: options, collection, and the run around them; everything else is elsewhere.

Loaded in every pytest run on the machine: it imports nothing of the suite until a target is named,
installs no signal handler and changes no directory.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.errors import ConformanceError, HarnessError, UsageError

if TYPE_CHECKING:
    from conformance.report.result import Summary
    from conformance.run.campaign import Campaign
    from conformance.run.run import Options, Run

RUN: Final[pytest.StashKey[Run]] = pytest.StashKey()
"""The run, in the process that leads it."""
OPTIONS: Final[pytest.StashKey[Options]] = pytest.StashKey()
CAMPAIGNS: Final[pytest.StashKey[tuple[Campaign, ...]]] = pytest.StashKey()
SUMMARY: Final[pytest.StashKey[Summary]] = pytest.StashKey()
_CHOSEN: Final[pytest.StashKey[tuple[str, ...]]] = pytest.StashKey()
"""The node ids, or beginnings of some, that the command line names; none: all."""
_FLAGS: Final = {
    "--qmp-thorough": "walk the trees of all machines, not of the common ones",
    "--qmp-no-sandbox": "start QEMU without bubblewrap: requests then reach the host",
}
"""The options that take no value."""
_OWN: Final[pytest.StashKey[ExitStack]] = pytest.StashKey()
"""What the run holds, where it began here and not at the command."""
_LISTENER: Final[pytest.StashKey[_Listener]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; each begins with --qmp-."""
    add_options(parser.getgroup("qmp", "QMP conformance").addoption)


def add_options(add: Callable[..., Any]) -> None:
    """Declare the options by `add`, which takes what argparse's add_argument takes."""
    for name, text in (
        ("program", "a QEMU system emulator to test"),
        ("targets", "a target file (TOML), or FILE.toml:NAME"),
        ("case", "only cases whose id fits this pattern"),
    ):
        more = f"{text}; may be given several times"
        add(f"--qmp-{name}", action="append", default=[], help=more)
    for name, default, text in (
        ("rootfs", "", "the root file system that the programs are in"),
        (
            "schema",
            "",
            "QEMU's source tree, or a digest, that the programs are built from",
        ),
        ("shard", "1/1", "only the Nth of M parts of the subjects: N/M"),
        ("report", "qmp-report", "the folder of the report (default: qmp-report)"),
    ):
        add(f"--qmp-{name}", default=default, help=text)
    for name, text in _FLAGS.items():
        add(name, action="store_true", help=text)
    add("--qmp-seed", type=int, default=0, help="the seed of what is generated at random")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Start over with `--qmp-X=VALUE` where `--qmp-X VALUE` names something that exists.

    Before it knows the options of a plugin, pytest takes such a value for a path to tests, and
    its folder for the root of all: /usr/bin would get the cache, and no configuration be found.
    """
    given = list(map(str, config.invocation_params.args))
    joined = _joined(given)
    if joined == given:
        return None
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    return pytest.main(joined, plugins=config.invocation_params.plugins)


def _joined(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        option = joined[-1] if joined else ""
        valued = option.startswith("--qmp-") and "=" not in option and option not in _FLAGS
        if valued and Path(word).exists():
            joined[-1] = f"{option}={word}"
        else:
            joined.append(word)
    return joined


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, where they name a target."""
    option = config.option
    if option.qmp_program or option.qmp_targets:
        from conformance.run.options import read_options

        try:
            config.stash[OPTIONS] = read_options(option)
        except ConformanceError as error:
            raise pytest.UsageError(str(error)) from None
    elif option.qmp_case or option.qmp_rootfs or option.qmp_schema:
        raise pytest.UsageError("no target\n  Name one with --qmp-program or --qmp-targets.")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the targets ready: ask each build once, in the process that leads the run."""
    config = session.config
    if OPTIONS not in config.stash:
        return
    from conformance.interruption import interrupted_once
    from conformance.leading import leading
    from conformance.run.campaign import load

    if hasattr(config, "workerinput"):
        interrupted_once()
        folder = Path(config.workerinput["qmp_folder"])
        config.stash[CAMPAIGNS] = tuple(map(load, sorted(folder.glob("campaign-*.json"))))
        config.stash[_CHOSEN] = tuple(config.workerinput["qmp_chosen"])
        return
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    names = tuple(config.args) if named else ()
    config.stash[_CHOSEN] = names
    config.stash[_OWN] = ExitStack()
    config.stash[_LISTENER] = _Listener()
    config.pluginmanager.register(config.stash[_LISTENER])
    try:
        if RUN not in config.stash:
            led = leading(config.stash[OPTIONS], record=not config.option.collectonly)
            config.stash[RUN] = config.stash[_OWN].enter_context(led)
        run = config.stash[RUN]
        config.stash[CAMPAIGNS] = run.campaigns
        _check_names(names, run.node_ids())
    except ConformanceError as error:
        # pytest does not come to the end of a session that did not begin.
        _leave(config, error)
        pytest.exit(str(error), returncode=error.exit_code)
    except pytest.UsageError as error:
        _leave(config, UsageError(str(error)))
        raise


def _check_names(names: Collection[str], node_ids: Collection[str]) -> None:
    for name in names:
        if not any(_is_in(node_id, name) for node_id in node_ids):
            near = difflib.get_close_matches(name, sorted(node_ids), n=1, cutoff=0)
            raise pytest.UsageError(
                f"no item of the targets is named {name}\n  Did you mean {''.join(near)}?"
            )


def _leave(config: pytest.Config, error: BaseException | None = None) -> None:
    """Leave the run, where it is ours to leave: `error` has ended it, if anything."""
    config.stash[_OWN].__exit__(type(error) if error else None, error, None)


class _Listener:
    """Notes that pytest was interrupted, also before its session has begun."""

    def __init__(self) -> None:
        self.interrupted = False

    def pytest_keyboard_interrupt(self) -> None:
        """Note it."""
        self.interrupted = True


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the campaigns are."""
    stash = node.config.stash
    if RUN in stash:
        node.workerinput["qmp_folder"] = str(stash[RUN].folder.path)
        node.workerinput["qmp_run"] = stash[RUN].id
        node.workerinput["qmp_chosen"] = list(stash[_CHOSEN])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out what shares machines together, and the heaviest first."""
    if RUN in config.stash and config.getoption("dist") == "load":
        from conformance.run.groups import groups, node_id
        from conformance.workers import HeaviestFirst

        selection = config.stash[OPTIONS].selection
        dealt = {
            node_id(campaign, group): group
            for campaign in config.stash[CAMPAIGNS]
            for group in groups(campaign, selection)
        }
        return HeaviestFirst(config, log, dealt)
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Write down what a worker has collected before it runs: every one collects the same."""
    if RUN in node.config.stash:
        node.config.stash[RUN].plan(frozenset(ids))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> bool | None:
    """Collect the targets in place of files; arguments choose among their node ids."""
    config = session.config
    if CAMPAIGNS not in config.stash or _leads_workers(config):
        return None
    from conformance.items import TargetNode

    selection = config.stash[OPTIONS].selection
    items: list[pytest.Item] = []
    for campaign in config.stash[CAMPAIGNS]:
        items += session.genitems(TargetNode.of(session, campaign, selection))
    names = config.stash[_CHOSEN]
    session.items = [
        item for item in items if not names or any(_is_in(item.nodeid, name) for name in names)
    ]
    config.pluginmanager.check_pending()
    config.hook.pytest_collection_modifyitems(session=session, config=config, items=session.items)
    config.hook.pytest_collection_finish(session=session)
    session.testscollected = len(session.items)
    if RUN in config.stash:
        config.stash[RUN].plan(frozenset(item.nodeid for item in session.items))
    return True


def _leads_workers(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("dsession")


def _is_in(node_id: str, name: str) -> bool:
    return node_id == name or node_id.startswith(f"{name}::")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Hold the machines of this process while its items run."""
    config = session.config
    if CAMPAIGNS not in config.stash or config.option.collectonly or _leads_workers(config):
        return (yield)
    from conformance.items import CONDUCTOR
    from conformance.run.conductor import Conductor
    from conformance.run.records import part_path

    given = getattr(config, "workerinput", {})
    run = given["qmp_run"] if given else config.stash[RUN].id
    part = part_path(config.stash[OPTIONS].report, run, given.get("workerid", "main"))
    with Conductor(part) as conductor:
        config.stash[CONDUCTOR] = conductor
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Foretell the machines of the next item while this one runs."""
    if CAMPAIGNS in item.config.stash:
        from conformance.items import foretell

        foretell(item, nextitem)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the report, in the process that leads the run."""
    config = session.config
    if RUN not in config.stash:
        return
    from conformance.leading import report
    from conformance.report.result import Verdict

    run = config.stash[RUN]
    if not run.record:
        _leave(config)
        return
    summary = report(
        run,
        interrupted=exitstatus == pytest.ExitCode.INTERRUPTED,
        failed=exitstatus == pytest.ExitCode.INTERNAL_ERROR,
    )
    config.stash[SUMMARY] = summary
    code = summary.ended.exit_code if summary.ended else exitstatus
    if exitstatus == pytest.ExitCode.OK and summary.verdict is Verdict.NOTHING_TESTED:
        # Skipped items alone are a success to pytest, and none to us.
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    elif exitstatus == pytest.ExitCode.OK:
        session.exitstatus = code
    elif exitstatus == pytest.ExitCode.TESTS_FAILED and run.lost:
        # As where no target at all can be started.
        session.exitstatus = code
    _leave(config)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave a run whose session never began, or never came to its end."""
    if RUN in config.stash and not config.stash[RUN].ended:
        interrupted = config.stash[_LISTENER].interrupted
        _leave(config, KeyboardInterrupt() if interrupted else HarnessError("pytest ended early"))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the report where pytest shows its own."""
    if SUMMARY in config.stash:
        from conformance.report.terminal import render

        width, colour = terminalreporter._tw.fullwidth, terminalreporter._tw.hasmarkup
        terminalreporter.write_line("")
        text = render(config.stash[SUMMARY], min(max(width, 100), 120), colour=colour)
        terminalreporter.write_line(text)
        terminalreporter.write_line(f"Report: {config.stash[OPTIONS].report}")
