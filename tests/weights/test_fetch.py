"""Published weights: download, verification, conversion, cache. The server is on this machine."""

import hashlib
import http.server
import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import requests
from weights.keras_files import write_legacy

from theano_transfer import zoo
from theano_transfer.weights import (
    REGISTRY,
    WeightsFileError,
    WeightsUnavailableError,
    cache_dir,
    fetch,
    read,
)
from theano_transfer.weights import _fetch as fetch_module
from theano_transfer.weights._download import DownloadError, download
from theano_transfer.weights._registry import registered as look_up


class Server:
    """Serves ``files`` (name -> bytes, or a function of the handler) and counts requests."""

    def __init__(self):
        self.files = {}
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                content = outer.files.get(self.path.lstrip("/"))
                if content is None:
                    self.send_error(404)
                elif callable(content):
                    content(self)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    # pooch waits between attempts
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    return tmp_path / "home"


def md5(content):
    return f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


ENDING = "_weights_tf_dim_ordering_tf_kernels"
CONTENT = b"some weights " * 1000


class TestDownload:
    def test_a_file(self, server, home):
        server.files["a.h5"] = CONTENT
        home.mkdir()
        download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), size=len(CONTENT))
        assert (home / "a.h5").read_bytes() == CONTENT
        assert os.listdir(home) == ["a.h5"]

    def test_progress_is_shown_on_request(self, server, home, capsys):
        server.files["a.h5"] = CONTENT
        download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), progressbar=True)
        assert "a.h5:" in capsys.readouterr().err

    def test_a_wrong_file_replaces_nothing(self, server, home):
        server.files["a.h5"] = b"<html>sorry</html>"
        home.mkdir()
        (home / "a.h5").write_bytes(b"old")
        with pytest.raises(DownloadError, match="hash"):
            download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), progressbar=False)
        assert (home / "a.h5").read_bytes() == b"old"
        assert os.listdir(home) == ["a.h5"]
        assert len(server.requests) == 3

    def test_a_second_attempt_may_succeed(self, server, home):
        def first_wrong(handler):
            content = b"wrong" if len(server.requests) == 1 else CONTENT
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(content)

        server.files["a.h5"] = first_wrong
        download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), progressbar=False)
        assert (home / "a.h5").read_bytes() == CONTENT

    def test_a_connection_cut(self, server, home):
        def cut(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(CONTENT)))
            handler.end_headers()
            handler.wfile.write(CONTENT[: len(CONTENT) // 2])

        server.files["a.h5"] = cut
        with pytest.raises(DownloadError):
            download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), progressbar=False)
        assert os.listdir(home) == []

    def test_a_file_without_end(self, server, home):
        sent = []

        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            with suppress(ConnectionError):
                for _ in range(10_000):
                    handler.wfile.write(bytes(1 << 16))
                    sent.append(1 << 16)

        server.files["a.h5"] = endless
        with pytest.raises(DownloadError, match="more than 1,000,000 bytes"):
            download(
                f"{server.url}a.h5",
                home / "a.h5",
                md5(CONTENT),
                size=1_000_000,
                progressbar=False,
                attempts=1,
            )
        assert os.listdir(home) == []
        assert sum(sent) < 100_000_000

    def test_a_redirection_is_not_followed(self, server, home):
        def redirect(handler):
            handler.send_response(302)
            handler.send_header("Location", f"{server.url}b.h5")
            handler.end_headers()

        server.files["a.h5"] = redirect
        server.files["b.h5"] = CONTENT
        with pytest.raises(DownloadError, match="redirects to"):
            download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), progressbar=False)
        assert "/b.h5" not in server.requests

    @pytest.mark.parametrize(
        "url", ["http://example.org/a.h5", "file:///etc/passwd", "ftp://example.org/a.h5", "a.h5"]
    )
    def test_only_https(self, url, home):
        with pytest.raises(DownloadError, match="only https"):
            download(url, home / "a.h5", md5(CONTENT))

    def test_missing_on_the_server(self, server, home):
        with pytest.raises(DownloadError, match="404"):
            download(f"{server.url}a.h5", home / "a.h5", md5(CONTENT), progressbar=False)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A file of Keras's layout for EfficientNet-Lite0, which has the registered kind of row."""
    net = zoo.efficientnet_lite0()
    roles = {
        "W": "kernel:0",
        "b": "bias:0",
        "gamma": "gamma:0",
        "beta": "beta:0",
        "mean": "moving_mean:0",
        "var": "moving_variance:0",
    }
    layers = {name: {} for name in net}
    for name, param in net.params.items():
        layer, _, role = name.rpartition(".")
        array = param.get_value()
        if array.ndim == 4:
            depthwise = layer.endswith("dwconv")
            array = array.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
        layers[layer][f"{layer}/{roles[role]}"] = array
    path = tmp_path_factory.mktemp("published") / "lite0.h5"
    with h5py.File(path, "w") as file:
        write_legacy(file, layers)
    return net, path.read_bytes()


@pytest.fixture
def registered(published, server, monkeypatch):
    """The registry says that EfficientNet-Lite0 is to be had from the server."""
    _, content = published
    row = replace(
        REGISTRY[0],
        file="lite0.h5",
        base_url="https://weights.invalid/lite0/",
        hash=md5(content),
        size=len(content),
        licence="a licence",
    )
    monkeypatch.setattr(fetch_module, "registered", lambda model, include_top, **_: row)
    server.files["lite0.h5"] = content
    return row


def offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise requests.ConnectionError("no network")

    monkeypatch.setattr(requests, "get", refuse)


class TestFetch:
    def test_downloads_and_converts_once(self, published, registered, server, home):
        net, _ = published
        path = fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        weights = read(path)
        for name, param in net.params.items():
            np.testing.assert_array_equal(weights[name.replace(".", "/")], param.get_value())
        assert weights.attributes["licence"] == "a licence"
        assert weights.attributes["source_url"] == registered.url
        assert weights.attributes["source_md5"] == registered.hash.partition(":")[2]
        assert len(weights.attributes["classes"]) == 1000
        modified = path.stat().st_mtime_ns
        assert fetch("efficientnet_lite0", base_url=server.url) == path
        assert path.stat().st_mtime_ns == modified
        assert server.requests == ["/lite0.h5"]

    def test_a_file_put_there_by_hand(self, published, registered, home, monkeypatch):
        offline(monkeypatch)
        (home / "downloads").mkdir(parents=True)
        (home / "downloads" / "lite0.h5").write_bytes(published[1])
        assert len(read(fetch("efficientnet_lite0"))) == 247

    def test_without_a_network_it_says_which_file_to_put_where(self, registered, home, monkeypatch):
        offline(monkeypatch)
        with pytest.raises(WeightsUnavailableError) as caught:
            fetch("efficientnet_lite0")
        message = str(caught.value)
        assert "no network" in message
        assert registered.url in message
        assert registered.hash.partition(":")[2] in message
        assert str(home / "downloads" / "lite0.h5") in message
        assert "MB" in message

    def test_a_wrong_file_put_there_is_mentioned(self, registered, home, monkeypatch):
        offline(monkeypatch)
        (home / "downloads").mkdir(parents=True)
        (home / "downloads" / "lite0.h5").write_bytes(b"half of it")
        with pytest.raises(WeightsUnavailableError, match="A file is there, but") as caught:
            fetch("efficientnet_lite0")
        assert md5(b"half of it").partition(":")[2] in str(caught.value)
        assert (home / "downloads" / "lite0.h5").read_bytes() == b"half of it"

    def test_a_wrong_file_put_there_is_replaced(self, published, registered, server, home):
        (home / "downloads").mkdir(parents=True)
        (home / "downloads" / "lite0.h5").write_bytes(b"half of it")
        fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        assert (home / "downloads" / "lite0.h5").read_bytes() == published[1]

    def test_other_content_under_the_hash_is_never_parsed(self, registered, server, home):
        server.files["lite0.h5"] = b"\x89HDF\r\n\x1a\n and then something evil"
        with pytest.raises(WeightsUnavailableError, match="could not be downloaded"):
            fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        assert not (home / "weights").exists()

    def test_a_damaged_file_in_the_cache_is_noticed_when_used(
        self, registered, server, home, monkeypatch
    ):
        path = fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        with h5py.File(path, "r+") as file:
            file["top_conv/W"][0, 0] += 1
        with pytest.raises(WeightsFileError, match="delete the file and get it again"):
            zoo.efficientnet_lite0(weights="imagenet")


class TestCacheDirectory:
    def test_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("THEANO_TRANSFER_HOME", "~/somewhere")
        assert cache_dir() == Path.home() / "somewhere"

    def test_by_the_rules_of_the_platform(self, monkeypatch, tmp_path):
        monkeypatch.delenv("THEANO_TRANSFER_HOME", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_dir().name == "theano_transfer"


class TestRegistry:
    def test_rows_are_of_networks_of_the_zoo(self):
        assert {row.model for row in REGISTRY} <= set(zoo.models())
        for row in REGISTRY:
            assert dict(row.arguments) == {} or dict(row.arguments) in zoo.variants(row.model)

    def test_rows_are_complete(self):
        for row in REGISTRY:
            if row.hash is not None:
                algorithm, _, digest = row.hash.partition(":")
                assert len(digest) == {"md5": 32, "sha256": 64}[algorithm]
                assert int(digest, 16) >= 0
            assert row.licence
            assert row.source
            assert row.url.startswith("https://") or not row.base_url
            assert row.url.endswith(".h5")
        assert len({row.url for row in REGISTRY}) == len(REGISTRY)
        hashes = [row.hash for row in REGISTRY if row.hash]
        assert len(set(hashes)) == len(hashes)

    def test_hashes_are_missing_where_nobody_publishes_them(self):
        without = {row.model for row in REGISTRY if row.hash is None}
        assert without == {"mobilenet", "mobilenet_v2"}

    def test_sizes_agree_with_the_numbers_of_parameters(self):
        """Four bytes a parameter, and a little for names."""
        for row in REGISTRY:
            if row.size and row.include_top:
                least = 4 * zoo.record(row.model).num_parameters
                assert least < row.size < least * 1.05

    @pytest.mark.parametrize(
        ("arguments", "size", "file"),
        [
            ({}, None, "1.0_224.h5"),
            ({"alpha": 1}, 160, "1.0_160.h5"),
            ({"alpha": 0.35}, 96, "0.35_96.h5"),
            ({"alpha": 0.35}, 100, "0.35_224.h5"),
            ({"alpha": 1.4}, 96, "1.4_224.h5"),
        ],
    )
    def test_the_file_is_for_the_width_and_the_size_of_the_pictures(self, arguments, size, file):
        row = look_up("mobilenet_v2", arguments=arguments, image_size=size)
        assert row.include_top
        assert row.url.endswith(
            f"mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{file}"
        )
        row = look_up("mobilenet_v2", False, arguments=arguments, image_size=size)
        assert row.file.endswith(file.replace(".h5", "_no_top.h5"))

    def test_what_changes_no_parameter_does_not_matter(self):
        for arguments in ({"dropout": 0.5}, {"alpha": 1.0, "dropout": 0.0}):
            assert look_up("mobilenet", arguments=arguments).file == "mobilenet_1_0_224_tf.h5"

    def test_arguments_without_weights(self):
        with pytest.raises(WeightsUnavailableError, match=r"'mobilenet_v2' with alpha=0.4"):
            zoo.mobilenet_v2(weights="imagenet", alpha=0.4)
        with pytest.raises(WeightsUnavailableError, match="depth_multiplier=2"):
            zoo.mobilenet(weights="imagenet", depth_multiplier=2)

    def test_an_unknown_network(self):
        with pytest.raises(WeightsUnavailableError, match="there are some for efficientnet_lite0"):
            fetch("lenet")
