"""What ships with the project is found, in a checkout and in an installed wheel."""

import hashlib
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from theano_transfer.weights import WeightsUnavailableError
from theano_transfer.weights import _bundled as bundled

ROOT = Path(__file__).parents[2]


def test_files_are_found():
    for name in ("efficientnet_lite0_imagenet.h5", "imagenet_classes.txt", "README.md"):
        assert bundled.bundled_file(name).is_file()


def test_the_table_of_origins_has_their_hashes():
    readme = bundled.bundled_file("README.md").read_text(encoding="utf-8")
    for name in ("efficientnet_lite0_imagenet.h5", "imagenet_classes.txt"):
        (row,) = (line for line in readme.splitlines() if line.startswith(f"| `{name}`"))
        assert hashlib.sha256(bundled.bundled_file(name).read_bytes()).hexdigest() in row


def test_a_missing_file_says_where_it_was_looked_for():
    with pytest.raises(WeightsUnavailableError, match=r"lenet\.h5 should have come with"):
        bundled.bundled_file("lenet.h5")


@pytest.mark.slow
def test_a_wheel_carries_them(tmp_path):
    """Built from a copy, unpacked elsewhere, run without the checkout."""
    pytest.importorskip("setuptools")
    pytest.importorskip("wheel")
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("theano_transfer", "weights"):
        shutil.copytree(ROOT / name, source / name, ignore=ignore)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", tmp_path / "dist", source], check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = textwrap.dedent(
        """
        import sys
        from theano_transfer import weights
        path = weights.fetch("efficientnet_lite0")
        assert path.is_relative_to(sys.argv[1]), path
        assert weights.read(path).num_parameters == 4_694_024
        assert len(weights.imagenet_classes()) == 1000
        """
    )
    installed = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-c", program, installed],
        check=True,
        cwd=installed,
        env={"PATH": "", "PYTHONPATH": str(installed)},
    )
