import hashlib
from dataclasses import replace
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from threading import Thread

import pytest

from dfd import weights
from dfd.errors import InputError

NAME = "efficientnet-b7"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return weights.download_path(NAME)


def publish(monkeypatch, address, content=b""):
    digest = hashlib.sha256(content).hexdigest()[:8]
    published = replace(weights.WEIGHTS[NAME], address=address, sha256=digest)
    monkeypatch.setitem(weights.WEIGHTS, NAME, published)


@pytest.fixture
def server(tmp_path):
    """The address of a server on this machine that has the file."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "b7.pth").write_bytes(b"weights")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "site")) as httpd:
        Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_weights_of_a_package_are_at_hand():
    weights.check_available("efficientnet-lite0")


def test_weights_that_cannot_be_had_are_told_in_the_words_of_the_download(cache, monkeypatch):
    publish(monkeypatch, "http://127.0.0.1:9/b7.pth")
    messages = []
    for get in (weights.find, weights.check_available):
        with pytest.raises(InputError) as error:
            get(NAME)
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    assert not cache.exists()


def test_weights_that_a_server_has_are_not_downloaded(cache, monkeypatch, server):
    publish(monkeypatch, f"{server}/b7.pth", b"weights")
    weights.check_available(NAME)
    assert not cache.exists()
    assert weights.find(NAME).read_bytes() == b"weights"
    publish(monkeypatch, f"{server}/gone.pth", b"others")
    with pytest.raises(InputError, match="not the published"):
        weights.check_available(NAME)
    cache.unlink()
    with pytest.raises(InputError, match="HTTP Error 404"):
        weights.check_available(NAME)


def test_a_local_file_that_is_another(tmp_path):
    (tmp_path / "other.pth").write_bytes(b"other")
    with pytest.raises(InputError, match="not the published efficientnet-b7"):
        weights.check_available(NAME, tmp_path / "other.pth")
