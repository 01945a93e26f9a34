"""The engines that the tests of this folder are run with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from tests.engines.images import REQUIRED, Engine, docker_with, make_root, podman_with


@pytest.fixture(scope="session")
def image_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("image")
    yield make_root(folder / "root")
    # pytest keeps the folders of three runs, and this one is large.
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def podman(image_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = podman_with(image_root, tmp_path_factory.mktemp("podman"))
    if isinstance(engine, str):
        assert not os.environ.get(REQUIRED), engine
        pytest.skip(f"NOT TESTED with real containers: {engine}")
    with pytest.MonkeyPatch.context() as patch:
        for name, text in engine.variables.items():
            patch.setenv(name, text)
        yield engine
        engine.asked("rmi", "--all", "--force")


@pytest.fixture(scope="session")
def docker(image_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = docker_with(image_root, tmp_path_factory.mktemp("docker"))
    with pytest.MonkeyPatch.context() as patch:
        for name, text in engine.variables.items():
            patch.setenv(name, text)
        yield engine


@pytest.fixture(params=["podman", "docker"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    with RunFolder() as made:
        yield made
