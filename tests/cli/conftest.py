"""A small folder of real pictures, and a model that the command line fine-tuned on it."""

import shutil
from pathlib import Path

import pytest
import theano

from theano_transfer.cli import main

EMOJI = Path(__file__).parents[2] / "examples" / "data" / "emoji"
CLASSES = ("animal", "building", "food")
EACH = 6


@pytest.fixture(scope="session")
def emoji():
    """The pictures of the demo."""
    return EMOJI


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Three class folders of six pictures each."""
    folder = tmp_path_factory.mktemp("data") / "pictures"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for path in sorted((EMOJI / name).glob("*.png"))[:EACH]:
            shutil.copy(path, folder / name)
    return folder


@pytest.fixture
def own_pictures(pictures, tmp_path):
    """A copy of the pictures that a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(pictures, folder)
    return folder


@pytest.fixture(scope="session")
def trained(pictures, tmp_path_factory):
    """Path of a model fine-tuned for two epochs on small pictures."""
    output = tmp_path_factory.mktemp("model") / "model.h5"
    with theano.config.change_flags(mode="FAST_COMPILE"):
        status = main(
            ["finetune", str(pictures), "--size", "32", "--epochs", "2", "--unfreeze", "none"]
            + ["--output", str(output), "--quiet"]
        )
    assert status == 0
    return output


@pytest.fixture
def run(capfd):
    """Run the command in this process: (status, standard output, standard error)."""

    def run_command(*arguments):
        status = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run_command
