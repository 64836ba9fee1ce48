import pytest

from theano_transfer import weights, zoo


def test_every_network_of_the_zoo_is_listed(run):
    status, out, _ = run("models")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == zoo.models()
    for line in lines[1:]:
        record = zoo.record(line.split()[0])
        assert f"{record.num_parameters:,}" in line
        assert record.title in line
        assert record.preprocessing in line
        published = [
            row for row in weights.REGISTRY if row.model == record.name and not row.arguments
        ]
        assert not published or published[0].licence in line
        assert not published or f"{published[0].accuracy[0]:.1f} / " in line


def test_a_pattern_narrows(run):
    _, out, _ = run("models", "vgg1?")
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert names == ["vgg11", "vgg13", "vgg16", "vgg19"]


def test_a_pattern_that_fits_nothing_is_an_error(run):
    status, _, err = run("models", "vgg17")
    assert status == 1
    assert "'vgg17'" in err
    assert "vgg16" in err


def test_all_that_is_known_of_files(run):
    status, out, _ = run("models", "*", "--files")
    assert status == 0
    blocks = {block.partition("\n")[0]: block for block in out.strip().split("\n\n")}
    assert list(blocks) == [row.file for row in weights.REGISTRY]
    for row in weights.REGISTRY:
        block = blocks[row.file]
        known = [row.model, row.url if row.base_url else "ships", row.hash or "no published hash"]
        known += [row.licence, row.source, zoo.record(row.model).preprocessing]
        known += ["1,000" if row.include_top else "without the top"]
        known += [f"{row.accuracy[0]:.1f} %" if row.accuracy else "not published"]
        for fact in (*known, *(hash for hash, _ in row.older), *row.mirrors):
            assert fact in block


def test_a_network_without_published_files(run):
    status, _, err = run("models", "caffenet", "--files")
    assert status == 1
    assert "no weights are published for caffenet" in err


@pytest.mark.parametrize(
    ("fetched", "said"),
    [
        ((), "download 59 MB (without top), download 553 MB (with top)"),
        ((False,), "cached (without top), download 553 MB (with top)"),
        ((False, True), "cached"),
    ],
)
def test_it_says_where_the_weights_are(fetched, said, run, monkeypatch, tmp_path):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path))
    for top in fetched:
        _cached_file("vgg16", top).touch()
    _, out, _ = run("models", "vgg16")
    assert out.splitlines()[1].endswith(said)
    _, out, _ = run("models", "efficientnet_lite0")
    assert out.splitlines()[1].endswith("shipped")


def _cached_file(model, top):
    row = next(r for r in weights.REGISTRY if r.model == model and r.include_top == top)
    path = weights.cached_file(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
