"""Every example runs, on a few small pictures: a new file in examples/ is tested by itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
# Their own weights would have to be downloaded.
RANDOM = {"vgg16_dense_head.py"}
# These train several models, or every layer.
SLOW = {
    "binary_augmented.py", "compare_strategies.py", "finetune_everything.py",
    "regression_head.py", "vgg16_dense_head.py",
}  # fmt: skip
# Of what trains several models one half says enough about a backend.
PART = {"compare_strategies.py": ("--part", "options")}
# What shows that a script got to its end with figures: accuracy or error, between 0 and 1.
FIGURE = re.compile(r"(?:accuracy'?:? |\| |error )(\d\.\d+)")


def run(script, *arguments, **changes):
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={**os.environ, **changes},
    )


@pytest.mark.parametrize(
    "script",
    [pytest.param(s, marks=[pytest.mark.slow] * (s.name in SLOW)) for s in SCRIPTS],
    ids=lambda path: path.stem,
)
def test_it_runs(script, tmp_path):
    weights = ("--weights", "none") if script.name in RANDOM else ()
    done = run(script, "--quick", *weights, PYTHONIOENCODING="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    figures = [float(number) for number in FIGURE.findall(done.stdout)]
    assert figures, done.stdout
    assert all(0 <= figure <= 1 for figure in figures)


@pytest.mark.slow
@pytest.mark.timeout(1100)  # two programs
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_says_the_same_through_jax(script):
    pytest.importorskip("jax")
    options = PART.get(script.name, ())
    if script.name in RANDOM:
        options += ("--weights", "none")
    said = []
    for device in ("jax", "cpu"):
        done = run(script, "--quick", *options, THEANO_FLAGS=f"device={device}")
        assert done.returncode == 0, done.stderr
        assert ("computing with JAX" in done.stderr) == (device == "jax")
        said.append([float(number) for number in FIGURE.findall(done.stdout)])
    assert len(said[0]) == len(said[1]) > 0
    # Two pictures of seven: they change sides from run to run, with one backend, too.
    assert max(abs(one - other) for one, other in zip(*said)) <= 0.3


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_has_the_common_options_and_says_what_it_is(script):
    done = run(script, "--help")
    assert done.returncode == 0
    for option in ("--base", "--weights", "--epochs", "--quick", "data"):
        assert option in done.stdout
    assert script.read_text().splitlines()[0].removeprefix('"""').rstrip('"') in " ".join(
        done.stdout.split()
    )
    assert script.name in (EXAMPLES / "README.md").read_text()


@pytest.mark.slow
def test_without_a_network_vgg16_says_what_to_download_and_goes_on(tmp_path):
    nowhere = "http://127.0.0.1:9"  # nothing listens there
    done = run(
        EXAMPLES / "vgg16_dense_head.py",
        "--quick",
        THEANO_TRANSFER_HOME=str(tmp_path),
        HTTPS_PROXY=nowhere,
        https_proxy=nowhere,
        NO_PROXY="",
        no_proxy="",
    )
    assert done.returncode == 0, done.stderr
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in done.stdout
    assert str(tmp_path) in done.stdout
    assert "Going on with efficientnet_lite0" in done.stdout
    assert "all unfrozen:" in done.stdout
