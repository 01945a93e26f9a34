"""Writes the published reports from report folders: `python reports/publish.py RUNS`.

RUNS holds a report folder for each target of reports/targets.toml, under its name. Each gets a
folder here, the builds a table in README.md, neighbours their difference, and all a trend; where no
build lacks, they get a page of all of them, too.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = "matrix.html"
"""The page of all builds; git bears its size, which a test bounds."""
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end of \w+ -->)", re.DOTALL)


def main(words: Sequence[str]) -> None:
    """Publish the reports in the folder that the one word names."""
    (runs,) = map(Path, words)
    names = [target["name"] for target in tomllib.loads(_text("targets.toml"))["target"]]
    found = [name for name in names if (runs / name / "summary.json").is_file()]
    for name in found:
        (HERE / name).mkdir(exist_ok=True)
        for file in ("report.md", "summary.json"):
            shutil.copyfile(runs / name / file, HERE / name / file)
    summaries = {name: json.loads(_text(f"{name}/summary.json")) for name in names}
    pairs = list(neighbours(summaries))
    (HERE / "diff").mkdir(exist_ok=True)
    for old, new in pairs:
        if {old, new} <= {*found}:
            _write("diff", [runs / old, runs / new], f"diff/{old}-to-{new}.md")
    _write("trend", [runs / name for name in found], "trend.md")
    if found == names:
        _write("report", [runs / name for name in found], PAGE, "html")
    tables = {"builds": builds_table(summaries), "differences": _differences(pairs)}
    page = _text("README.md")
    text = _PART.sub(lambda part: f"{part[1]}\n{tables[part[2]]}\n{part[3]}", page)
    (HERE / "README.md").write_text(text, encoding="utf-8")


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _write(command: str, runs: Sequence[Path], name: str, form: str = "markdown") -> None:
    words = ["--format", form, "--output", str(HERE / name), *map(str, runs)]
    done = subprocess.run([sys.executable, "-m", "conformance", command, *words], check=False)
    # 1 says that there are news.
    assert done.returncode in (0, 1), f"{command} ended with {done.returncode}"


def builds_table(summaries: Mapping[str, Any]) -> str:
    """Return a row for each build."""
    lines = ["| build | compared with | cases | passed | root causes |", "|---|---|---|---|---|"]
    for name, summary in summaries.items():
        (target,) = summary["targets"]
        build, totals = target["build"], target["totals"]
        lines.append(
            f"| [{name}]({name}/report.md) ({build['package'] or build['version']}) "
            f"| {build['documentation']} | {sum(totals.values()):,} | {totals.get('pass', 0):,} "
            f"| {len(target['causes'])} |"
        )
    return "\n".join(lines) + "\n"


def neighbours(summaries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each build with the next one of its program and architecture."""
    last: dict[tuple[str, str], str] = {}
    for name, summary in summaries.items():
        build = summary["targets"][0]["build"]
        kind = (build["kind_of_program"], build["arch"])
        if kind in last:
            yield last[kind], name
        last[kind] = name


def _differences(pairs: Sequence[tuple[str, str]]) -> str:
    lines = ["| from | to | |", "|---|---|---|"]
    lines += [
        f"| {old} | {new} | [what is new, fixed, or not run](diff/{old}-to-{new}.md) |"
        for old, new in pairs
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
