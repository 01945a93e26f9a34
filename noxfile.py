"""The sessions of the project: `nox -l` lists them."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.options.sessions = ["tests", "lint", "typing", "build"]
nox.options.reuse_existing_virtualenvs = True

QEMU = os.environ.get("QEMU", "/usr/bin/qemu-system-x86_64")
TAPLO = "@taplo/cli@0.7.0"
"""The tool that checks TOML files against a JSON Schema, from npm."""
SARIF_TOOL = "@microsoft/sarif-multitool@5"
"""What reads SARIF files as GitHub does, from npm."""
BASE, IMAGE = "trixie", "localhost/qmp-conformance"
"""The release of Debian whose minimal root the container's image starts from, and its name."""
OWN = ("/etc/apt/apt.conf.d", "/etc/apt/auth.conf.d", "/etc/ssl/certs")
"""What this machine needs to reach its archive."""
ALLURE = "allure@3"
"""What makes a report of pytest's results, from npm."""
RELEASES = ("bookworm", "trixie")
"""The releases of Debian that the README's commands are tried on."""
FEW = (
    *("--target-list=x86_64-softmmu", "--without-default-features", "--without-default-devices"),
    *("--enable-tcg", "--enable-kvm", "--enable-fdt=system"),
    *("--disable-docs", "--disable-install-blobs"),
)
"""The options of configure for a QEMU of few features."""
DECISIVE = (
    "tests/wire",
    "tests/launch/test_host.py",
    "tests/pytest_plugin/test_plugin.py",
    "tests/pytest_plugin/test_scheduler.py",
)
"""The tests that touch each dependency: the client, cryptography, pytest, allure, xdist."""


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the suite on a QEMU: nox -s conformance -- [OPTIONS] [TARGET...]; default: $QEMU."""
    session.install(".[all]")
    session.run(
        "qmp-conformance", "run", *(session.posargs or ["-n", "2", QEMU]), success_codes=[0, 1]
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Run the project's own tests; they need what docs/install.md names."""
    session.install("-e", ".[dev]")
    session.run("pytest", *session.posargs)


@nox.session
def reports(session: nox.Session) -> None:
    """Run all builds of reports/targets.toml, and publish what they show: nox -s reports.

    WORDS are names of targets; the others keep the reports that they have.
    """
    session.install("-e", ".[all]")
    runs = Path(session.create_tmp()).resolve()
    targets = tomllib.loads(Path("reports/targets.toml").read_text(encoding="utf-8"))["target"]
    for name in session.posargs or [target["name"] for target in targets]:
        words = (f"reports/targets.toml:{name}", "--report", str(runs / name))
        session.run("qmp-conformance", "run", "-n", "2", *words, success_codes=[0, 1])
        # No reproducer is published that nobody has tried.
        session.run("qmp-conformance", "paste", str(runs / name), success_codes=[0, 1])
    session.run("python", "reports/publish.py", str(runs))


@nox.session
def tree(session: nox.Session) -> None:
    """Build a packaged source with few features, and run it uninstalled: nox -s tree -- SOURCE.

    It needs what configure needs (on Debian ninja-build, meson, libglib2.0-dev, libpixman-1-dev,
    libfdt-dev), SeaBIOS, and ten minutes. What its release breaks is known; WORDS go to the run.
    """
    if not session.posargs:
        session.error("name the unpacked source of a package: nox -s tree -- SOURCE [WORDS...]")
    source, *words = session.posargs
    source = str(Path(source).resolve())
    session.install(".[all]")
    folder = Path(session.create_tmp()).resolve()
    target = folder / "target.toml"
    target.write_text(_built_target(folder / "qemu-system-x86_64", source), encoding="utf-8")
    with session.chdir(folder):
        session.run(f"{source}/configure", *FEW, external=True)
        session.run("ninja", "qemu-system-x86_64", external=True)
        run = ("run", "-n", "2", "--known", "shipped", *words, str(target))
        session.run("qmp-conformance", *run, success_codes=[0, 1])


def _built_target(program: Path, source: str) -> str:
    """Return a target file of a program that was built of a source, and not installed."""
    return (
        f'[[target]]\nname = "tree"\nprogram = "{program}"\nschema = "{source}"\n'
        # A packaged source holds no firmware.
        f'args = ["-L", "/usr/share/seabios"]\n'
    )


@nox.session
def formats(session: nox.Session) -> None:
    """Hold a run of $QEMU in all formats, and docs/ci/, against the tools that read them.

    It needs npm, autopkgtest and rsync, as root, and five minutes.
    """
    session.install("-e", ".[dev]", "tmt")
    session.run("pytest", "tests/ci", *session.posargs, env={"QMP_CONFORMANCE_TOOLS": "required"})
    folder = Path(session.create_tmp()).resolve()
    report = folder / "report"
    words = ("--case", "query-*/valid/*", "--format", "sarif", "--report", str(report), QEMU)
    session.run("qmp-conformance", "run", "-n", "2", *words, success_codes=[0, 1])
    npm = ("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder))
    session.run(*npm, SARIF_TOOL, ALLURE, external=True)
    tool = next(folder.glob("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"))
    tool.chmod(0o755)
    session.run(str(tool), "validate", str(report / "results.sarif"), external=True)
    _judge_allure(session, folder)


def _judge_allure(session: nox.Session, folder: Path) -> None:
    """Let Allure make a report of a run of $QEMU, and hold its counts against the stream."""
    results, report, run = (folder / name for name in ("allure-results", "allure", "run"))
    shutil.rmtree(results, ignore_errors=True)
    cases = ("--qmp-case=object-add/c*/*", "--qmp-case=query-*/valid/*")
    words = (f"--qmp-program={QEMU}", *cases, f"--qmp-report={run}", f"--alluredir={results}")
    session.run("pytest", "-q", "-n", "2", "-c", os.devnull, *words, success_codes=[0, 1])
    allure = (str(folder / "node_modules/.bin/allure"), "generate", "--config")
    config = str(Path("docs/ci/allurerc.mjs").resolve())
    own = {"RESULTS": str(results)}
    made = (str(results), "--output", str(report))
    session.run(*allure, config, *made, external=True, env=own)
    session.run("python", "-m", "tests.report.judge_allure", *map(str, (results, report, run)))


@nox.session(venv_backend="none")
def container(session: nox.Session) -> None:
    """Build the image of Containerfile with podman, and test its QEMU in a container: as root.

    Its base is made by mmdebstrap, so that no registry of images is asked.
    """
    folder = Path(session.create_tmp()).resolve()
    tar, report = folder / "base.tar", folder / "report"
    session.run("mmdebstrap", "--variant=minbase", BASE, str(tar), external=True)
    shutil.rmtree(report, ignore_errors=True)
    report.mkdir()
    env = {"STORAGE_DRIVER": "vfs", **_engine(folder)}
    podman = ("podman", "--root", str(folder / "store"), "--runroot", str(folder / "run"))
    session.run(*podman, "import", "--quiet", str(tar), IMAGE, external=True, env=env)
    own = [word for path in OWN for word in ("-v", f"{path}:{path}:ro") if Path(path).exists()]
    build = ("build", "--quiet", "--network", "host", "--isolation", "chroot", *own)
    named = ("--build-arg", f"BASE={IMAGE}", "-t", f"{IMAGE}-suite", ".")
    session.run(*podman, *build, *named, external=True, env=env)
    opened = ("--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL")
    run = ("run", "--rm", "--network", "none", *opened, "-v", f"{report}:/reports")
    words = ("run", "-n", "2", "--case", "qom-*/valid/*", "/usr/bin/qemu-system-x86_64")
    done = [0, 1]
    session.run(*podman, *run, f"{IMAGE}-suite", *words, external=True, env=env, success_codes=done)
    if not (report / "qmp-report/summary.json").exists():
        session.error("the container wrote no report")


def _engine(folder: Path) -> dict[str, str]:
    """Return the variables that let podman work where no limit may be raised, and with runc."""
    settings = folder / "containers.conf"
    settings.write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n',
        encoding="utf-8",
    )
    return {"CONTAINERS_CONF": str(settings)}


@nox.session
def lies(session: nox.Session) -> None:
    """Lie about a QEMU, and write docs/kill-score.md: nox -s lies -- [ROOT FILE SYSTEM].

    Without a root: the host's QEMU. `--only GLOB` tells some lies, `--to FILE` names the page.
    """
    session.install("-e", ".[dev]")
    # 1 says that the suite did not see all lies that a promise forbids.
    session.run("python", "-m", "tests.lies.score", *session.posargs, success_codes=[0, 1])


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml claims.

    nox -s lowest -- [WORDS FOR PYTEST...]; the word `decisive` stands for the tests that show most.
    """
    # Not in the session's temporary folder: where that is made, the tests run in it, below the
    # clone, whose configuration of pytest then counts for the runs that they start.
    bounds = session.cache_dir.resolve() / "lowest.txt"
    bounds.write_text("".join(f"{bound}\n" for bound in _lower_bounds()))
    session.install("-c", str(bounds), "-e", ".[dev]")
    decisive = session.posargs == ["decisive"]
    words = ["-n", "2", *DECISIVE] if decisive else session.posargs
    session.run("pytest", *words)


def _lower_bounds() -> list[str]:
    """Return each dependency of the project and its extras as "NAME==LOWEST", where it has one."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = [Requirement(text) for group in groups for text in group]
    return sorted(
        f"{requirement.name}=={bound.version}"
        for requirement in wanted
        for bound in requirement.specifier
        if bound.operator == ">="
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(venv_backend="none")
def taplo(session: nox.Session) -> None:
    """Check all files under cases/ against their schema, as editors do; it needs npm."""
    folder = Path(session.create_tmp()).resolve()
    session.run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), TAPLO)
    session.run(str(folder / "node_modules/.bin/taplo"), "lint", "cases/**/*.toml")


@nox.session
def picture(session: nox.Session) -> None:
    """Draw the imports between rooms into ARCHITECTURE.md, and write the tables of options."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "docs.generated")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel, install it alone, and run the main job from it, outside the checkout."""
    session.install("build")
    folder = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder), ".")
    wheel = max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", str(wheel))
    session.chdir(folder)
    session.run(
        "qmp-conformance", "run", QEMU, "--case", "object-add/iothread/*", "--report", "report"
    )


@nox.session(venv_backend="none")
def fresh(session: nox.Session) -> None:
    """Run the documented commands on fresh Debians: nox -s fresh -- [RELEASE...] [WORDS...].

    As root.  mmdebstrap makes a minimal root of each release, and git a clone of the last commit in
    it.  Both commands of the README run there, to the letter, with an empty home; WORDS go to
    pytest.  On trixie that of docs/install.md follows.
    """
    if os.geteuid() != 0:
        session.error("run it as root: it makes root file systems and mounts in them")
    releases = [word for word in session.posargs if word in RELEASES]
    words = [word for word in session.posargs if word not in RELEASES]
    run, test = _command("README.md", "Run it"), _command("README.md", "Test it")
    packaged = _command("docs/install.md", "With Debian's packages alone")
    for release in releases or RELEASES:
        root = _fresh_root(session, release)
        _run_inside(session, root, run)
        _run_inside(session, root, " ".join([test, *words]), reports=False)
        if release == "trixie":
            _run_inside(session, root, packaged)


CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CLONE = "srv/qmp-conformance"
REPORT = "qmp-report/summary.json"


def _command(page: str, heading: str) -> str:
    """Return the first indented line below a heading of a page."""
    text = Path(page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    found = re.search(r"^    (.+)$", text.partition("\n## ")[0], re.MULTILINE)
    assert found is not None, f"{page} has no command under {heading!r}"
    return found[1]


def _fresh_root(session: nox.Session, release: str) -> Path:
    """Return a minimal root of a release of Debian, with a clone and this machine's way out."""
    root = Path(session.create_tmp()).resolve() / release
    if root.exists():
        shutil.rmtree(root)
    session.run("mmdebstrap", "--variant=minbase", release, str(root), external=True)
    shutil.rmtree(root / "root")
    (root / "root").mkdir(mode=0o700)
    clone = str(root / CLONE)
    session.run("git", "clone", "--quiet", f"file://{Path.cwd()}", clone, external=True)
    for folder in ("etc/apt/apt.conf.d", "etc/apt/auth.conf.d"):
        shutil.copytree(f"/{folder}", root / folder, dirs_exist_ok=True)
    # What a user configured counts for the whole root, where the home is empty.
    for path in ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.config/pip/pip.conf"):
        configured = Path(path).expanduser()
        if configured.exists():
            there = root / (path[1:] if path.startswith("/") else "etc/xdg/pip/pip.conf")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(configured, there)
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", root / "etc" / name)
    if CERTIFICATES.exists():
        shutil.copy(CERTIFICATES, root / "etc/machine.crt")
    return root


def _run_inside(session: nox.Session, root: Path, command: str, reports: bool = True) -> None:
    """Run a command in the clone in `root`; one that reports must have done so."""
    report = root / CLONE / REPORT
    report.unlink(missing_ok=True)
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        **{name: text for name, text in os.environ.items() if name.lower().endswith("_proxy")},
    }
    if (root / "etc/machine.crt").exists():
        environment["PIP_CERT"] = "/etc/machine.crt"
    session.log(command)
    session.run(
        *("env", "-i", *(f"{name}={text}" for name, text in environment.items())),
        *(".ci/enter", str(root), f"/{CLONE}", "sh", "-c", command),
        external=True,
        # 1 says that the build breaks promises.
        success_codes=[0, 1] if reports else [0],
    )
    if reports and not report.exists():
        session.error(f"the command wrote no {REPORT}")
