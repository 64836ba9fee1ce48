"""theano_transfer._files: no half-written file, whatever happens."""

import os
import re
import stat
import subprocess
import sys
import textwrap

import pytest

from theano_transfer._files import atomic_write


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_a_new_file(tmp_path):
    with atomic_write(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "new"
    assert listing(tmp_path) == ["a.txt"]


def test_keeps_the_suffix_and_the_directory(tmp_path):
    with atomic_write(tmp_path / "curve.png") as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == tmp_path


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")

    def interrupted():
        with atomic_write(tmp_path / "a.txt") as temporary:
            temporary.write_text("half of the ne")
            raise error

    with pytest.raises(error):
        interrupted()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert listing(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_permissions_follow_the_umask(tmp_path):
    previous = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a.txt") as temporary:
            temporary.write_text("x")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_replaces_a_symbolic_link_and_leaves_what_it_points_to(tmp_path):
    (tmp_path / "precious.txt").write_text("precious")
    (tmp_path / "link.txt").symlink_to(tmp_path / "precious.txt")
    with atomic_write(tmp_path / "link.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "precious.txt").read_text() == "precious"
    assert (tmp_path / "link.txt").read_text() == "new"
    assert not (tmp_path / "link.txt").is_symlink()


def test_refuses_a_directory(tmp_path):
    with pytest.raises(IsADirectoryError, match="a directory of that name"), atomic_write(tmp_path):
        pytest.fail("the block must not run")


def test_refuses_a_missing_directory(tmp_path):
    missing = tmp_path / "no" / "a.txt"
    with pytest.raises(FileNotFoundError, match="does not exist"), atomic_write(missing):
        pytest.fail("the block must not run")


def test_writers_at_the_same_time_do_not_meet(tmp_path):
    target = tmp_path / "a.txt"
    with atomic_write(target) as first, atomic_write(target) as second:
        assert first != second
        first.write_text("first" * 1000)
        second.write_text("second")
    assert target.read_text() == "first" * 1000
    assert listing(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_writer_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    program = textwrap.dedent(
        """
        import os, signal, sys
        from theano_transfer._files import atomic_write
        with atomic_write(sys.argv[1]) as temporary:
            temporary.write_text("half of the ne")
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    result = subprocess.run([sys.executable, "-c", program, str(target)], check=False)
    assert result.returncode < 0
    assert target.read_text() == "old"
    assert len(listing(tmp_path)) == 2
    with atomic_write(target) as temporary:
        temporary.write_text("new")
    assert listing(tmp_path) == ["a.txt"]


def test_temporary_files_of_others_stay(tmp_path):
    """Of running writers, of other paths, of other machines, and what only looks like one."""
    with atomic_write(tmp_path / "a.txt") as running:
        others = [
            running.name.replace(".a-", ".b-"),
            re.sub(r"-\w+-\d+-", "-0badcafe-999999999-", running.name),
            ".a-notes.tmp.txt",
        ]
        for name in others:
            (tmp_path / name).touch()
        with atomic_write(tmp_path / "a.txt") as temporary:
            temporary.write_text("x")
        assert set(others) < set(listing(tmp_path))
        assert running.exists()
