"""One file from a server that may do anything: whole and verified, or not at all."""

import errno
import hashlib
import os

import pytest

from theano_transfer.weights import _download as module
from theano_transfer.weights._download import DownloadError, download
from weights import server as make

CONTENT = bytes(range(256)) * 50


def md5(content):
    return f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


@pytest.fixture
def server(monkeypatch):
    waits = []
    monkeypatch.setattr(module, "CHUNK", 100)
    monkeypatch.setattr(module.time, "sleep", waits.append)
    server = make.Server()
    server.waits = waits
    yield server
    server.close()


@pytest.fixture
def fetched(server, tmp_path):
    """Download what the server has under the name 'a.h5' with the hash of CONTENT."""

    def fetch(answer=None, **options):
        if answer is not None:
            server.files["a.h5"] = answer
        options = {"progressbar": False, "size": len(CONTENT), **options}
        known = options.pop("known", md5(CONTENT))
        download(f"{server.url}a.h5", tmp_path / "a.h5", known, **options)
        return (tmp_path / "a.h5").read_bytes()

    return fetch


def test_a_file(fetched, tmp_path):
    assert fetched(CONTENT) == CONTENT
    assert os.listdir(tmp_path) == ["a.h5"]


def test_into_a_folder_that_does_not_exist(server, tmp_path):
    server.files["a.h5"] = CONTENT
    path = tmp_path / "new" / "folder" / "a.h5"
    download(f"{server.url}a.h5", path, md5(CONTENT), progressbar=False)
    assert path.read_bytes() == CONTENT


def test_progress_is_shown_on_request(fetched, capsys):
    fetched(CONTENT, progressbar=True)
    assert "a.h5:" in capsys.readouterr().err


NEVER = {
    "wrong bytes": (b"x" * len(CONTENT), "another hash"),
    "an error page": (b"<html>sorry</html>", "another hash"),
    "nothing": (b"", "another hash"),
    "less than announced": (make.announces(CONTENT[:-1], len(CONTENT)), "bytes had come|cut after"),
    "less, and honest about it": (CONTENT[:-1], "another hash"),
    "more than announced": (make.announces(CONTENT + b"x", len(CONTENT) - 1), "another hash"),
    "more than is known": (CONTENT + b"x", "12,801 bytes are announced, allowed are 12,800"),
    "an enormous announcement": (make.announces(CONTENT, 1 << 60), "are announced, allowed are"),
    "a negative announcement": (make.announces(CONTENT[:-1], -5), "/a.h5"),
    "an announcement in words": (make.announces(CONTENT[:-1], "many"), "/a.h5"),
    "without end": (make.endless, "more than 12,800 bytes came"),
    "silence": (make.silent, "timed out"),
    "silence midway": (make.silent_midway(CONTENT), "timed out"),
    "no answer in HTTP": (make.no_http, "/a.h5"),
    "hanging up": (make.hangs_up, "closed"),
    "not there": (None, "404"),
    "forbidden": (make.fails(403, 10**6, CONTENT), "403"),
    "out of order": (make.fails(503, 10**6, CONTENT), "503"),
    "to a file of this machine": (make.redirects("file:///etc/passwd"), "only https"),
    "to another machine without https": (make.redirects("http://example.org/a"), "only https"),
    "in circles": (make.redirects("/a.h5"), "redirections"),
}


@pytest.mark.parametrize("name", NEVER)
def test_an_answer_that_is_not_the_file(name, fetched, tmp_path, monkeypatch):
    answer, words = NEVER[name]
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    (tmp_path / "a.h5").write_bytes(b"old")
    with pytest.raises(DownloadError, match=words) as caught:
        fetched(answer)
    assert "/a.h5" in str(caught.value)
    assert (tmp_path / "a.h5").read_bytes() == b"old"
    for left in tmp_path.iterdir():
        assert left.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize("name", ["not there", "forbidden"])
def test_what_will_not_change_is_asked_once(name, fetched, server):
    with pytest.raises(DownloadError):
        fetched(NEVER[name][0])
    assert len(server.requests) == 1


def test_what_may_change_is_asked_again_after_a_while(fetched, server):
    assert fetched(make.fails(503, 2, CONTENT)) == CONTENT
    assert len(server.requests) == 3
    assert server.waits == [2, 4]


def test_a_cut_is_continued(fetched, server, tmp_path):
    assert fetched(make.cut(CONTENT, times=2)) == CONTENT
    assert server.ranges == [None, "bytes=6400-", "bytes=9600-"]
    assert os.listdir(tmp_path) == ["a.h5"]


def test_another_program_continues(fetched, server):
    with pytest.raises(DownloadError, match=r"6,400 (bytes had come|of 12,800 bytes)"):
        fetched(make.cut(CONTENT), attempts=1)
    assert fetched(CONTENT) == CONTENT
    assert server.ranges == [None, "bytes=6400-"]


def test_a_complete_part_is_only_checked(fetched, tmp_path, server):
    """The program ended between the last byte and the check."""
    (tmp_path / ".a.h5.part").write_bytes(CONTENT)
    assert fetched(CONTENT) == CONTENT
    assert server.ranges == ["bytes=12800-"]


@pytest.mark.parametrize("left", [b"other bytes", CONTENT + b"more"])
def test_a_wrong_part_is_begun_again(left, fetched, tmp_path):
    (tmp_path / ".a.h5.part").write_bytes(left)
    assert fetched(CONTENT) == CONTENT
    assert os.listdir(tmp_path) == ["a.h5"]


@pytest.mark.parametrize("answer", [make.ignores_ranges, make.lies_about_ranges])
def test_a_server_that_cannot_continue(answer, fetched, tmp_path):
    (tmp_path / ".a.h5.part").write_bytes(CONTENT[:5000])
    assert fetched(answer(CONTENT)) == CONTENT


def test_without_a_hash_nothing_is_continued(fetched, server):
    """Two halves of two versions would be neither."""
    assert fetched(make.cut(CONTENT, times=1), known=None) == CONTENT
    assert server.ranges == [None, None]


def test_redirections_are_followed_to_what_the_hash_confirms(fetched, server):
    server.files["b.h5"] = CONTENT
    assert fetched(make.redirects("/b.h5")) == CONTENT
    with pytest.raises(DownloadError, match="no hash is known"):
        fetched(known=None)


@pytest.mark.parametrize("name", ["..%2F..%2Fevil.h5", "C:%5Cevil.h5", "%00", "b.h5"])
def test_names_that_a_server_gives_name_no_file(name, fetched, server, tmp_path):
    """Neither in an address nor in a header."""

    def answer(handler):
        named = 'attachment; filename="../evil.h5"'
        make.begin(handler, 200, Content_Length=len(CONTENT), Content_Disposition=named)
        handler.wfile.write(CONTENT)

    server.files = dict.fromkeys(["", name], answer)
    before = set(tmp_path.parent.iterdir())
    assert fetched(make.redirects(f"/{name}")) == CONTENT
    assert os.listdir(tmp_path) == ["a.h5"]
    assert set(tmp_path.parent.iterdir()) == before


@pytest.mark.parametrize(
    "url", ["http://example.org/a.h5", "file:///etc/passwd", "ftp://example.org/a.h5", "a.h5"]
)
def test_only_https(url, tmp_path):
    with pytest.raises(DownloadError, match="only https"):
        download(url, tmp_path / "a.h5", md5(CONTENT))


def test_from_https_not_even_to_this_machine(server):
    assert not module._is_secure(f"{server.url}a.h5", local=False)


def test_a_full_disk(fetched, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(DownloadError, match=r"cannot write .*No space left on device"):
        fetched(CONTENT)
    assert not (tmp_path / "a.h5").exists()


def test_an_interruption_leaves_what_can_be_continued(fetched, server, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_verify", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetched(CONTENT)
    assert os.listdir(tmp_path) == [".a.h5.part"]
    assert fetched() == CONTENT
