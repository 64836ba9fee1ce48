"""Published weights: download, verification, conversion, cache. The server is on this machine."""

import hashlib
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import requests
from weights.keras_files import write_legacy
from weights.server import Server, slow
from weights.torch_files import lite0_state, write_torch

from theano_transfer import zoo
from theano_transfer.cli._machine import cache_directory
from theano_transfer.weights import (
    REGISTRY,
    WeightsFileError,
    WeightsUnavailableError,
    cache_dir,
    convert,
    fetch,
    read,
)
from theano_transfer.weights import _fetch as fetch_module
from theano_transfer.weights._older import OLDER
from theano_transfer.weights._registry import registered as look_up


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("THEANO_TRANSFER_MIRRORS", raising=False)
    monkeypatch.setattr("theano_transfer.weights._download.time.sleep", lambda seconds: None)
    return tmp_path / "home"


def md5(content):
    return f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


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
        with pytest.raises(WeightsUnavailableError, match="a file is there, but") as caught:
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
        with pytest.raises(WeightsUnavailableError, match="another hash"):
            fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        assert os.listdir(home / "weights") == []

    def test_a_damaged_file_in_the_cache_is_noticed_when_used(
        self, registered, server, home, monkeypatch
    ):
        path = fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        with h5py.File(path, "r+") as file:
            file["top_conv/W"][0, 0] += 1
        with pytest.raises(WeightsFileError, match="delete the file and get it again"):
            zoo.efficientnet_lite0(weights="imagenet")

    def test_a_folder_of_this_machine(self, published, registered, home, tmp_path, monkeypatch):
        offline(monkeypatch)
        (tmp_path / "shelf").mkdir()
        (tmp_path / "shelf" / "lite0.h5").write_bytes(published[1])
        assert len(read(fetch("efficientnet_lite0", base_url=tmp_path / "shelf"))) == 247
        assert os.listdir(tmp_path / "shelf") == ["lite0.h5"]

    def test_mirrors_of_the_environment_come_first(
        self, published, registered, server, home, tmp_path, monkeypatch
    ):
        """A folder that has it not, one with another file of that name, and an address."""
        (tmp_path / "wrong").mkdir()
        (tmp_path / "wrong" / "lite0.h5").write_bytes(b"something else")
        places = f"{tmp_path / 'empty'} {tmp_path / 'wrong'} {server.url}"
        monkeypatch.setenv("THEANO_TRANSFER_MIRRORS", places)
        assert len(read(fetch("efficientnet_lite0", progressbar=False))) == 247
        assert server.requests == ["/lite0.h5"]

    def test_every_place_is_mentioned(self, registered, home, tmp_path, monkeypatch):
        offline(monkeypatch)
        monkeypatch.setenv("THEANO_TRANSFER_MIRRORS", f"{tmp_path} https://mirror.invalid/a")
        with pytest.raises(WeightsUnavailableError) as caught:
            fetch("efficientnet_lite0", progressbar=False)
        for place in (tmp_path, "https://mirror.invalid/a/lite0.h5: ", registered.url):
            assert str(place) in str(caught.value)

    def test_an_older_file_of_that_name_is_named(self, registered, home, monkeypatch):
        offline(monkeypatch)
        (home / "downloads").mkdir(parents=True)
        (home / "downloads" / "lite0.h5").write_bytes(b"old")
        monkeypatch.setitem(OLDER, "lite0.h5", ((md5(b"old"), "the file of long ago"),))
        with pytest.raises(WeightsUnavailableError, match="is the file of long ago"):
            fetch("efficientnet_lite0", progressbar=False)

    def test_two_programs_at_once(self, published, registered, server, home):
        """The second waits for the first, and finds what it has made."""
        server.files["lite0.h5"] = slow(published[1], seconds=1)
        program = f"""
            import dataclasses, sys
            from theano_transfer.weights import REGISTRY, fetch, _fetch
            row = dataclasses.replace(
                REGISTRY[0], file="lite0.h5", base_url="https://weights.invalid/lite0/",
                hash={registered.hash!r}, size={registered.size},
            )
            _fetch.registered = lambda model, include_top, **_: row
            print(fetch("efficientnet_lite0", base_url={server.url!r}, progressbar=False))
        """
        command = [sys.executable, "-c", textwrap.dedent(program)]
        programs = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        answers = [program.communicate(timeout=300) for program in programs]
        assert [program.returncode for program in programs] == [0, 0], answers
        assert len({out for out, _ in answers}) == 1
        assert len(read(answers[0][0].strip())) == 247
        assert server.requests == ["/lite0.h5"]
        assert not list(home.rglob("*.part")) + list(home.rglob("*.tmp*"))

    def test_a_cache_that_is_no_folder(self, registered, home):
        home.write_text("not a folder")
        with pytest.raises(WeightsUnavailableError, match="set THEANO_TRANSFER_HOME"):
            fetch("efficientnet_lite0")

    def test_an_empty_file_in_the_cache_is_noticed_when_used(self, registered, server, home):
        path = fetch("efficientnet_lite0", base_url=server.url, progressbar=False)
        path.write_bytes(b"")
        with pytest.raises(WeightsFileError, match="it is empty"):
            zoo.efficientnet_lite0(weights="imagenet")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_cache_that_must_not_be_written_to(self, published, registered, home, tmp_path):
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "lite0.h5").write_bytes(published[1])
        home.mkdir(mode=0o500)
        with pytest.raises(WeightsUnavailableError, match=r"Permission.*set THEANO_TRANSFER_HOME"):
            fetch("efficientnet_lite0", base_url=tmp_path / "folder")
        home.chmod(0o700)
        for name in ("downloads", "weights"):
            (home / name).mkdir(mode=0o500)
        with pytest.raises(WeightsUnavailableError, match=r"Permission.*set THEANO_TRANSFER_HOME"):
            fetch("efficientnet_lite0", base_url=tmp_path / "folder")

    def test_what_is_in_a_cache_is_used_without_writing_there(self, registered, home, monkeypatch):
        """It may be of another user's, or on a read-only disk."""
        offline(monkeypatch)
        path = fetch_module.cached_file(registered)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"converted")
        for folder in (path.parent, home):
            folder.chmod(0o500)
        before = sorted(home.rglob("*"))
        assert fetch("efficientnet_lite0") == path
        assert sorted(home.rglob("*")) == before == [path.parent, path]


class TestCacheDirectory:
    def test_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("THEANO_TRANSFER_HOME", "~/somewhere")
        assert cache_dir() == Path.home() / "somewhere"

    def test_by_the_rules_of_the_platform(self, monkeypatch, tmp_path):
        monkeypatch.delenv("THEANO_TRANSFER_HOME", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_dir().name == "theano_transfer"

    @pytest.mark.skipif(os.name == "nt", reason="homes are known otherwise")
    @pytest.mark.parametrize("given", [None, "~/somewhere", "~nobody-of-that-name/somewhere"])
    def test_without_a_home(self, given, monkeypatch):
        """As in containers whose user is a number without a name."""
        import pwd

        def unknown(who):
            raise KeyError(who)

        monkeypatch.setattr(pwd, "getpwuid", unknown)
        for name in ("HOME", "XDG_CACHE_HOME", "THEANO_TRANSFER_HOME"):
            monkeypatch.delenv(name, raising=False)
        if given:
            monkeypatch.setenv("THEANO_TRANSFER_HOME", given)
        with pytest.raises(WeightsUnavailableError, match="set THEANO_TRANSFER_HOME to a folder"):
            cache_dir()
        (problem,) = cache_directory().problems
        assert "set THEANO_TRANSFER_HOME to a folder" in problem


def test_a_file_of_pytorch_is_converted_where_its_first_digits_are_right(
    rng, home, tmp_path, monkeypatch
):
    state = lite0_state(rng)
    write_torch(tmp_path / "lite0.pth", state)
    digest = hashlib.sha256((tmp_path / "lite0.pth").read_bytes()).hexdigest()
    row = replace(
        next(row for row in REGISTRY if row.model == "efficientnet_lite1"),
        model="efficientnet_lite0", file="lite0.pth", hash=f"sha256:{digest[:8]}",
    )  # fmt: skip
    monkeypatch.setattr(fetch_module, "registered", lambda model, include_top, **_: row)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "lite0.pth").write_bytes(b"another")
    with pytest.raises(WeightsUnavailableError, match=f"expected {digest[:8]}"):
        fetch("efficientnet_lite0", base_url=tmp_path / "other", progressbar=False)
    weights = read(fetch("efficientnet_lite0", base_url=tmp_path, progressbar=False))
    np.testing.assert_array_equal(weights["stem_conv/W"], state["_conv_stem.weight"])
    assert weights.attributes["source_sha256"] == digest
    assert len(weights.attributes["classes"]) == 1000
    # where nobody says what it is, too
    monkeypatch.setattr("theano_transfer.weights._recognise.REGISTRY", (row,))
    report = convert(tmp_path / "lite0.pth", tmp_path / "a.h5")
    assert report.recognised == "recognised by its hash as lite0.pth: efficientnet_lite0"


class TestRegistry:
    def test_rows_are_of_networks_of_the_zoo(self):
        assert {row.model for row in REGISTRY} <= set(zoo.models())
        for row in REGISTRY:
            assert dict(row.arguments) == {} or dict(row.arguments) in zoo.variants(row.model)

    def test_rows_are_complete(self):
        for row in REGISTRY:
            if row.hash is not None:
                algorithm, _, digest = row.hash.partition(":")
                digits = {"md5": 32, "sha256": 8 if row.file.endswith(".pth") else 64}
                assert len(digest) == digits[algorithm]
                assert int(digest, 16) >= 0
            assert row.licence
            assert row.source
            assert row.url.startswith("https://") or not row.base_url
            assert re.fullmatch(r"\w[\w.-]*", row.file)  # it names a file of the cache
            assert row.url.endswith((".h5", ".pth"))
        assert len({row.url for row in REGISTRY}) == len(REGISTRY)
        hashes = [row.hash for row in REGISTRY if row.hash]
        assert len(set(hashes)) == len(hashes)

    def test_rows_say_what_networks_need_and_how_good_they_are(self):
        for row in REGISTRY:
            assert row.classes == (1000 if row.include_top else None)
            assert row.preprocessing == zoo.record(row.model).preprocessing
            best, five = row.accuracy
            assert 40 < best < 100
            assert five is None or best < five < 100

    def test_smaller_pictures_and_narrower_networks_are_seen_worse(self):
        found = {}
        for row in REGISTRY:
            if row.model in ("mobilenet", "mobilenet_v2"):
                alpha = dict(row.arguments).get("alpha", 1.0)
                found[row.model, alpha, row.image_size] = row.accuracy[0]
        for model, alpha, size in found:
            for other in found:
                smaller = other[0] == model and other[1] <= alpha and other[2] <= size
                if smaller and other != (model, alpha, size):
                    assert found[other] < found[model, alpha, size]

    def test_older_files_are_of_names_that_are_registered(self):
        names = {row.file: row for row in REGISTRY}
        assert set(OLDER) <= set(names)
        now = {row.hash for row in REGISTRY}
        for file, versions in OLDER.items():
            assert names[file].older == versions
            for known, what in versions:
                assert known.startswith("md5:")
                assert len(known) == 36
                assert known not in now
                assert what

    def test_mirrors_are_of_files_with_a_hash(self):
        for row in REGISTRY:
            assert not row.mirrors or row.hash
            assert all(url.startswith("https://") and url.endswith("/") for url in row.mirrors)

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
