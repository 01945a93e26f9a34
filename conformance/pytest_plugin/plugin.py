"""pytest hooks: options, collection, and the run around them; everything else is elsewhere.

Loaded in every pytest run on the machine: it imports nothing of the suite until a target is named,
installs no signal handler and changes no directory.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Collection, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.model.errors import ConformanceError, HarnessError, UsageError
from conformance.model.hints import meant
from conformance.play import option_table

if TYPE_CHECKING:
    from conformance.play.options import Options
    from conformance.play.run import Run
    from conformance.prepare.campaign import Campaign
    from conformance.pytest_plugin.remote import Outpost
    from conformance.report.result import Summary

RUN: Final[pytest.StashKey[Run]] = pytest.StashKey()
"""The run, in the leading process."""
OPTIONS: Final[pytest.StashKey[Options]] = pytest.StashKey()
CAMPAIGNS: Final[pytest.StashKey[tuple[Campaign, ...]]] = pytest.StashKey()
SUMMARY: Final[pytest.StashKey[Summary]] = pytest.StashKey()
_CHOSEN: Final[pytest.StashKey[tuple[str, ...]]] = pytest.StashKey()
"""The node ids, or prefixes of some, on the command line; none: all."""
_PATHS: Final[pytest.StashKey[tuple[str, ...]]] = pytest.StashKey()
"""The files and folders that pytest collects beside the targets."""
_OWN: Final[pytest.StashKey[ExitStack]] = pytest.StashKey()
"""The resources of the run, if it began here and not in the command."""
_OUTPOST: Final[pytest.StashKey[Outpost]] = pytest.StashKey()
"""The folder of a worker on another host."""
_LISTENER: Final[pytest.StashKey[_Listener]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; each begins with --qmp-."""
    group = parser.getgroup("qmp", "QMP conformance")
    for option in option_table.TWINS:
        option.declare(group.addoption, "--qmp-")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Start over with `--qmp-X=VALUE` for `--qmp-X VALUE`, which may name something that exists.

    Before pytest knows the options of a plugin, it takes such a value for a path to tests, and its
    folder for the root: /usr/bin would get the cache, and no configuration would be found.
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
    flags = {f"--qmp-{option.name}" for option in option_table.TWINS if option.flag}
    for word in words:
        option = joined[-1] if joined else ""
        valued = option.startswith("--qmp-") and "=" not in option and option not in flags
        if valued and not word.startswith("-"):
            joined[-1] = f"{option}={word}"
        else:
            joined.append(word)
    return joined


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, if they name a target."""
    option = config.option
    if "qmp_files" in getattr(config, "workerinput", {}):
        from conformance.pytest_plugin.remote import options_sent

        # On another host, neither target files nor the report folder are there.
        config.stash[OPTIONS] = options_sent(getattr(config, "workerinput", {}))
    elif option.qmp_program or option.qmp_targets:
        from conformance.play.options import read_options

        try:
            config.stash[OPTIONS] = read_options(option)
        except ConformanceError as error:
            raise pytest.UsageError(str(error)) from None
    elif any(each.is_given(option) for each in (*option_table.TARGET, option_table.CASE)):
        raise pytest.UsageError("no target\n  Name one with --qmp-program or --qmp-targets.")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the targets ready: ask each build once, in the leading process."""
    config = session.config
    if OPTIONS not in config.stash:
        return
    from conformance.play.interruption import interrupted_once
    from conformance.play.leading import leading, warnings
    from conformance.prepare.campaign import load_all

    if hasattr(config, "workerinput"):
        interrupted_once()
        folder = _worker_folder(config)
        campaigns = load_all(folder)
        config.stash[CAMPAIGNS] = campaigns
        if _OUTPOST in config.stash:
            config.stash[_OUTPOST].check(campaigns)
        config.stash[_CHOSEN] = tuple(config.workerinput["qmp_chosen"])
        config.stash[_PATHS] = tuple(config.workerinput["qmp_paths"])
        return
    config.stash[_OWN] = ExitStack()
    config.stash[_LISTENER] = _Listener(config)
    config.pluginmanager.register(config.stash[_LISTENER])
    try:
        if RUN not in config.stash:
            record = not config.option.collectonly
            led = leading(config.stash[OPTIONS], record=record, tell=partial(_say, config))
            config.stash[RUN] = config.stash[_OWN].enter_context(led)
            for warning in warnings(config.stash[RUN]):
                _say(config, "Warning", warning)
            _check_left(config.stash[RUN])
        run = config.stash[RUN]
        config.stash[CAMPAIGNS] = run.campaigns
        chosen, paths = _sorted_out(config, run.node_ids())
        config.stash[_CHOSEN], config.stash[_PATHS] = chosen, paths
    except ConformanceError as error:
        # pytest does not finish a session that did not begin.
        _leave(config, error)
        pytest.exit(str(error), returncode=error.exit_code)
    except pytest.UsageError as error:
        _leave(config, UsageError(str(error)))
        raise


def _worker_folder(config: Any) -> Path:
    """Return the folder of what was prepared, for a worker; its own if it is on another host."""
    from conformance.pytest_plugin.remote import FILES, Outpost

    if FILES not in config.workerinput:
        return Path(config.workerinput["qmp_folder"])
    outpost = Outpost(config.workerinput)
    config.stash[_OUTPOST] = outpost
    config.add_cleanup(outpost.close)
    return outpost.folder


def _check_left(run: Run) -> None:
    """End pytest if the run that is to be resumed has ended."""
    if run.record and run.held.left is not None and run.held.left.ended and run.held.is_over:
        code = run.held.left.ended.exit_code
        pytest.exit(f"nothing is left of the run in {run.options.report}", returncode=code)


def _say(config: pytest.Config, whose: str, what: str) -> None:
    """Write a line to pytest's output, unless it is quiet."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None and config.option.verbose >= 0:
        reporter.write_line(f"{whose}: {what}")


def _sorted_out(
    config: pytest.Config, node_ids: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the arguments that name items of the targets, and what pytest is to collect.

    That is the files and folders named, or else those of `testpaths`; never the current folder,
    which nobody has named.
    """
    if config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
        return (), ()
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return (), tuple(config.args)
    chosen: list[str] = []
    paths: list[str] = []
    for name in config.args:
        if any(_is_in(node_id, name) for node_id in node_ids):
            chosen.append(name)
        elif config.option.pyargs or Path(name.partition("::")[0]).exists():
            paths.append(name)
        else:
            raise pytest.UsageError(
                f"no item of the targets is named {name}, and no file is\n  "
                + meant(name, sorted(node_ids), "--collect-only -q names all items.")
            )
    return tuple(chosen), tuple(paths)


def _leave(config: pytest.Config, error: BaseException | None = None) -> None:
    """Leave the run, if it is ours to leave; `error` has ended it, if anything."""
    config.stash[_OWN].__exit__(type(error) if error else None, error, None)


class _Listener:
    """Notes an interruption of pytest, even before its session begins."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.interrupted = False
        self.cut = False

    def pytest_keyboard_interrupt(self) -> None:
        """Note it."""
        self.interrupted = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that the budget of a target was used up, and what another host has recorded."""
        self.cut |= ("cut", True) in map(tuple, report.user_properties)
        if RUN in self._config.stash and self._config.stash[RUN].record:
            from conformance.pytest_plugin.remote import keep

            keep(self._config.stash[RUN].held, report)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the campaigns are."""
    stash = node.config.stash
    if RUN in stash:
        node.workerinput["qmp_folder"] = str(stash[RUN].folder.path)
        node.workerinput["qmp_run"] = stash[RUN].held.parts
        node.workerinput["qmp_deadline"] = stash[RUN].deadline
        from conformance.pytest_plugin.remote import is_remote, sent

        if is_remote(node):
            run = stash[RUN]
            node.workerinput |= sent(run.folder.path, run.deadline, run.options.selection)
        node.workerinput["qmp_chosen"] = list(stash[_CHOSEN])
        node.workerinput["qmp_paths"] = list(stash[_PATHS])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out what shares machines together, and the heaviest first."""
    if RUN in config.stash and config.getoption("dist") == "load":
        from conformance.prepare.groups import groups, node_id
        from conformance.pytest_plugin.scheduler import HeaviestFirst

        selection = config.stash[OPTIONS].selection
        dealt = {
            node_id(campaign, group): group
            for campaign in config.stash[CAMPAIGNS]
            for group in groups(campaign, selection)
        }
        return HeaviestFirst(config, log, dealt, config.stash[RUN].worths.items)
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Record what a worker has collected before it runs: every one collects the same."""
    if RUN in node.config.stash:
        node.config.stash[RUN].plan(frozenset(ids))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Let pytest collect the files named, and no others beside the targets."""
    config = session.config
    if CAMPAIGNS in config.stash and not _leads_workers(config):
        config.args = [*config.stash[_PATHS]]
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Put the items of the targets before those of files: other plugins select items later."""
    stash = session.config.stash
    if CAMPAIGNS not in stash:
        return
    from conformance.pytest_plugin.items import TargetNode

    selection, names = stash[OPTIONS].selection, stash[_CHOSEN]
    worth = stash[RUN].worths.items if RUN in stash else {}
    found = [
        item
        for campaign in stash[CAMPAIGNS]
        for item in session.genitems(TargetNode.of(session, campaign, selection))
        if not names or any(_is_in(item.nodeid, name) for name in names)
    ]
    # Workers collect in the order of the plan: who deals out decides what runs first.
    items[:0] = sorted(found, key=lambda item: worth.get(item.nodeid, 0))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Record the selected items of the targets before one runs."""
    stash = session.config.stash
    if RUN in stash and not _leads_workers(session.config):
        from conformance.pytest_plugin.items import GroupItem

        stash[RUN].plan(
            frozenset(item.nodeid for item in session.items if isinstance(item, GroupItem))
        )


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
    from conformance.play.beforehand import read_expected
    from conformance.play.conductor import Conductor
    from conformance.play.records import part_path
    from conformance.play.resuming import read_kept
    from conformance.pytest_plugin.items import (
        CONDUCTOR,
        DEADLINE,
        EXPECTED,
        KEPT,
        PLAYED,
        search_time,
    )

    given = getattr(config, "workerinput", {})
    run = given["qmp_run"] if given else config.stash[RUN].held.parts
    worker = given.get("workerid", "main")
    part = part_path(config.stash[OPTIONS].report, run, worker)
    folder = Path(given["qmp_folder"]) if given else config.stash[RUN].folder.path
    deadline = given["qmp_deadline"] if given else config.stash[RUN].deadline
    if (outpost := config.stash.get(_OUTPOST, None)) is not None:
        part, folder, deadline = outpost.part, outpost.folder, outpost.deadline
    search = search_time(session.items, config.stash[OPTIONS], given.get("workercount", 1))
    with Conductor(part, folder, worker, search) as conductor, _left_alone():
        config.stash[CONDUCTOR] = conductor
        config.stash[EXPECTED] = read_expected(folder)
        config.stash[KEPT] = read_kept(folder)
        config.stash[PLAYED] = defaultdict(float)
        config.stash[DEADLINE] = deadline
        return (yield)


@contextmanager
def _left_alone() -> Iterator[None]:
    """Keep garbage collection away from what stands by now: it stays as long as cases are played.

    Else each collection looks at the schema, the plan and all of pytest again.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Prefetch the machines of the next item while this one runs."""
    if CAMPAIGNS in item.config.stash:
        from conformance.pytest_plugin.items import prefetch

        prefetch(item, nextitem)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send what a worker on another host has recorded with the report of its item."""
    report = yield
    if call.when == "call" and _OUTPOST in item.config.stash:
        item.config.stash[_OUTPOST].attach(report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the report, in the leading process."""
    config = session.config
    if RUN not in config.stash:
        return
    from conformance.play.leading import report
    from conformance.report.result import RunVerdict

    run = config.stash[RUN]
    if not run.record:
        _leave(config)
        return
    run.spent = config.stash[_LISTENER].cut
    summary = report(
        run,
        interrupted=exitstatus == pytest.ExitCode.INTERRUPTED,
        failed=exitstatus == pytest.ExitCode.INTERNAL_ERROR,
    )
    config.stash[SUMMARY] = summary
    _tell_allure(config, summary)
    code = summary.ended.exit_code if summary.ended else exitstatus
    if code == run.options.skip_code:
        session.exitstatus = code
    elif exitstatus == pytest.ExitCode.OK and summary.verdict is RunVerdict.NOTHING_TESTED:
        # If all items are skipped, pytest reports success; we do not.
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    elif exitstatus == pytest.ExitCode.OK:
        session.exitstatus = code
    elif exitstatus == pytest.ExitCode.TESTS_FAILED and run.lost:
        # As where no target at all can be started.
        session.exitstatus = code
    _leave(config)


def _tell_allure(config: pytest.Config, summary: Summary) -> None:
    """Write what Allure shows beside the results, if it is to write any."""
    folder = getattr(config.option, "allure_report_dir", None)
    if folder:
        from conformance.pytest_plugin.allure_results import write_surroundings

        write_surroundings(Path(folder), summary)


def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Say beside a passed item how many of its cases were not judged."""
    if config.stash.get(RUN, None) is None or report.when != "call" or not report.passed:
        return None
    count = dict(report.user_properties).get("undecided")
    return ("passed", ".", f"PASSED ({count} undecided)") if count else None


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave a run whose session never began, or never ended."""
    if RUN in config.stash and not config.stash[RUN].ended:
        interrupted = config.stash[_LISTENER].interrupted
        _leave(config, KeyboardInterrupt() if interrupted else HarnessError("pytest ended early"))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the report in pytest's summary."""
    if SUMMARY in config.stash:
        from conformance.report import one_screen, terminal

        render = terminal.render if config.option.verbose > 0 else one_screen.render
        width, colour = terminalreporter._tw.fullwidth, terminalreporter._tw.hasmarkup
        terminalreporter.write_line("")
        text = render(config.stash[SUMMARY], min(max(width, 100), 120), colour=colour)
        terminalreporter.write_line(text)
        terminalreporter.write_line(f"Report: {config.stash[OPTIONS].report}")
