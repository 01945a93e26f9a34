"""Says which findings of a published report a new run of the same build did not find again.

    python reports/lost_findings.py reports/qemu-7.2.22-debian12-x86_64 qmp-report

The first folder holds a summary.json, the second an events.ndjson.  Exits with 1, naming each,
where one is lost: QEMU may have mended it, and as likely the suite no longer sees it.  Examples
count only where the new run had the source that holds them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_EXAMPLES = "/examples/"


def lost_findings(
    published: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield what is said of each finding of a summary that a stream of events does not hold.

    The same defect may show first in another case: it is found where one of its cases is broken.
    What is known to come and go is not lost where it did not come.
    """
    ended = {each["case"]: each for each in events if each["event"] == "case-ended"}
    found = [each for each in events if each["event"] == "finding"]
    folds = {each["fold"] for each in found}
    broken = {each["case"] for each in found}
    broken |= {case for case, each in ended.items() if each["outcome"] == "intermittent"}
    with_source = any(_EXAMPLES in case for case in ended)
    for target in published["targets"]:
        for finding in target["findings"]:
            cases = [finding["case"], *finding["cases"]]
            if finding["fold"] in folds or broken.intersection(cases):
                continue
            if with_source or not all(_EXAMPLES in case for case in cases):
                yield f"{finding['case']}: {finding['summary']}\n    {_now(ended, cases)}"


def _now(ended: Mapping[str, Mapping[str, Any]], cases: Sequence[str]) -> str:
    """Return what became of the first of the cases that the new run has."""
    now = next((ended[case] for case in cases if case in ended), None)
    if now is None:
        return "no such case any more"
    return " ".join(filter(None, (f"now {now['outcome']}:", now["reason"])))


def main(arguments: Sequence[str]) -> int:
    """Compare the two folders and print what is lost."""
    old, new = map(Path, arguments)
    published = json.loads((old / "summary.json").read_text(encoding="utf-8"))
    lines = (new / "events.ndjson").read_text(encoding="ascii").splitlines()
    lost = list(lost_findings(published, [json.loads(line) for line in lines]))
    for each in lost:
        print(f"lost: {each}")
    print(f"{len(lost)} of the findings of {old} are lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
