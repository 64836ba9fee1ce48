"""One file over https into a folder, whole and verified, or not at all (by pooch)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 18
MAX_SIZE = 4 << 30
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class DownloadError(Exception):
    """A download failed; there is no new file."""


def download(
    url: str,
    path: Path,
    known_hash: str | None,
    *,
    size: int | None = None,
    progressbar: bool = True,
    attempts: int = 3,
) -> None:
    """Download ``url`` to ``path``; a file already there is replaced only by a verified one.

    Parameters
    ----------
    url
        https; plain http only from this machine itself.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'``; None where nobody publishes one.
    size
        Expected number of bytes, where known; the download stops when there are more.
    attempts
        How often to try.

    Raises
    ------
    DownloadError
        Why it failed.
    """
    import pooch
    import requests

    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise DownloadError(f"only https addresses are used, not {url!r}")
    try:
        cache = pooch.create(
            path=path.parent,
            base_url="",
            registry={path.name: known_hash},
            urls={path.name: url},
            retry_if_failed=attempts - 1,
        )
        # pooch writes to a temporary file, compares the hash, then moves the file.
        cache.fetch(path.name, downloader=_Downloader(size, progressbar))
    except requests.RequestException as error:
        raise DownloadError(f"{url}: {_reason(error)}") from error
    except (OSError, ValueError) as error:
        raise DownloadError(f"{url}: {error}") from error


class _Downloader:
    """pooch's downloader protocol, with what its own lacks: a limit of size, no redirections."""

    def __init__(self, size: int | None, progressbar: bool) -> None:
        self.limit = size or MAX_SIZE
        self.size = size
        self.progressbar = progressbar

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        import requests
        from tqdm import tqdm

        # A redirection could lead away from https.
        with requests.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False) as response:
            response.raise_for_status()
            if response.is_redirect:
                target = response.headers.get("location", "")
                raise requests.TooManyRedirects(f"the server redirects to {target!r}")
            bar = tqdm(
                total=self.size,
                desc=url.rpartition("/")[2],
                unit="B",
                unit_scale=True,
                disable=not self.progressbar,
            )
            received = 0
            with open(output_file, "wb") as file, bar:
                for chunk in response.iter_content(CHUNK):
                    received += len(chunk)
                    if received > self.limit:
                        raise requests.RequestException(f"more than {self.limit:,} bytes came")
                    file.write(chunk)
                    bar.update(len(chunk))


def _reason(error: Exception) -> str:
    """The innermost cause; what requests wraps around it is hard to read."""
    while error.__context__ is not None:
        error = error.__context__  # type: ignore[assignment]
    return str(error) or type(error).__name__
