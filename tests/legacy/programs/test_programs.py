"""Programs in the manner of 2012 to 2019, as they were written: only ``import theano``."""

import runpy
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano

import theano_transfer as tt

HERE = Path(__file__).parent


def fell(result):
    return result["last"] < 0.6 * result["first"]


EXPECTED = {
    "classifiers": lambda r: r["mlp"] < 0.08 < 0.25 < r["line"],
    "lenet": fell,
    "autoencoders": lambda r: (
        r["error"] < 0.1 and all(last < first for first, last in r["pretraining"])
    ),
    "boltzmann": lambda r: (
        all(last > first for first, last in r["belief_net"])
        and r["pseudo_likelihood"][1] > r["pseudo_likelihood"][0]
        and set(np.unique(r["chain"])) == {0, 1}
    ),
    "tagger": lambda r: fell(r) and r["right"] > 0.9,
    "lstm_masks": lambda r: r["last"] < r["first"] and r["same"],
    "lasagne_images": lambda r: all(right > 0.85 and off < 1e-6 for right, off in r.values()),
    "lasagne_sequences": lambda r: all(last < 0.5 * first for first, last in r.values()),
    "zoo_style": lambda r: fell(r) and r["right"] > 0.9 and not r["source moved"],
    "estimator": lambda r: r["right"] > 0.9 and r["same"] and r["rate"] < 0.1,
}


def test_every_program_is_run():
    assert {path.stem for path in HERE.glob("*.py")} - {"test_programs"} == set(EXPECTED)


def run(name):
    before = lasagne.random.get_rng()
    try:
        result = runpy.run_path(str(HERE / f"{name}.py"))["main"]()
    finally:
        lasagne.random.set_rng(before)
    assert EXPECTED[name](result), result


QUICK = ("lenet", "autoencoders", "estimator")


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EXPECTED],
)
def test_programs(name):
    """Without C compiled, which takes longer than they do."""
    with theano.config.change_flags(mode="FAST_COMPILE"):
        run(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_programs_in_the_default_mode(name):
    run(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_programs_through_jax(name):
    pytest.importorskip("jax")
    tt.use("jax", device="cpu")
    try:
        run(name)
    finally:
        tt.use("c")
