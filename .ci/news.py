"""Prints the words that make a run play the cases of what is news: `news.py summary.json`."""

from __future__ import annotations

import glob
import json
import sys
from pathlib import Path

NEWS = ("new", "worse", "stale")
(path,) = sys.argv[1:]
for item in json.loads(Path(path).read_text(encoding="utf-8"))["news"]:
    if item["standing"] in NEWS:
        for case in item["cases"]:
            print(f"--case={glob.escape(case)}")
