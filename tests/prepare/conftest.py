"""Where targets are made ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from tests.miniatures.install import install


@pytest.fixture(scope="module")
def run_folder() -> Iterator[RunFolder]:
    with RunFolder() as folder:
        yield folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("miniature"))
