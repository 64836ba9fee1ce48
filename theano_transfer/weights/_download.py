"""One file over https, whole and verified, or not at all; what a cut left is continued."""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from ._untrusted import digest, is_digest, open_regular

TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 18
MAX_SIZE = 4 << 30
MAX_REDIRECTIONS = 5
LOOPBACK = ("127.0.0.1", "::1", "localhost")
FINAL = (400, 401, 403, 404, 410)  # answers that do not change by asking again


class DownloadError(Exception):
    """A download failed; there is no new file."""


class _TransientError(DownloadError):
    """Another attempt may do."""


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

    What arrives is kept in a hidden file beside ``path`` until it is complete. If the connection
    is cut, the next attempt, in this program or another, asks for the rest; where nobody
    publishes a hash, it begins again. One program at a time may do this for one path.

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
    partial = path.with_name(f".{path.name}.part")
    partial.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(attempts):
        if attempt:
            time.sleep(2**attempt)
        try:
            if known_hash is None:
                partial.unlink(missing_ok=True)
            _receive(url, partial, size or MAX_SIZE, known_hash is not None, progressbar)
            _verify(partial, known_hash)
        except _TransientError as error:
            failure = error
        except OSError as error:
            raise DownloadError(f"{url}: cannot write {os.fspath(partial)!r}: {error}") from error
        else:
            os.replace(partial, path)
            return
    raise DownloadError(f"{url}: {failure}") from failure


def _receive(url: str, partial: Path, limit: int, verified: bool, progressbar: bool) -> None:
    """Append to a file what it lacks."""
    import requests
    from tqdm import tqdm

    done = partial.stat().st_size if partial.exists() else 0
    end = None
    try:
        with _open(url, done, verified) as response:
            if response.status_code == 416:  # there is nothing behind what is here
                return
            response.raise_for_status()
            if response.headers.get("content-range", "").startswith(f"bytes {done}-"):
                mode = "ab"
            else:
                mode, done = "wb", 0
            declared = response.headers.get("content-length", "")
            end = done + int(declared) if declared.isdecimal() else None
            if end is not None and end > limit:
                raise DownloadError(f"{url}: {end:,} bytes are announced, allowed are {limit:,}")
            bar = tqdm(
                total=end,
                initial=done,
                desc=partial.name[1:].rpartition(".")[0],
                unit="B",
                unit_scale=True,
                disable=not progressbar,
            )
            with open(partial, mode) as file, bar:
                for chunk in response.iter_content(CHUNK):
                    done += len(chunk)
                    if done > limit:
                        file.truncate(0)
                        raise DownloadError(f"{url}: more than {limit:,} bytes came")
                    file.write(chunk)
                    bar.update(len(chunk))
                file.flush()
                os.fsync(file.fileno())
    except requests.HTTPError as error:
        if getattr(error.response, "status_code", None) in FINAL:
            raise DownloadError(f"{url}: {error}") from error
        raise _TransientError(str(error)) from error
    except requests.RequestException as error:
        raise _TransientError(f"{_reason(error)}; {done:,} bytes had come") from error
    if end is not None and done < end:
        raise _TransientError(f"the connection was cut after {done:,} of {end:,} bytes")


def _open(url: str, done: int, verified: bool):
    """The answer to a request for what is behind the first `done` bytes.

    Redirections are followed only where the hash says in the end whether the content is right,
    and never away from https.
    """
    import requests

    address = url
    for _ in range(MAX_REDIRECTIONS + 1):
        if not _is_secure(address, local=urlsplit(url).scheme == "http"):
            leads = "" if address == url else f"{url}: the server redirects to {address!r}; "
            raise DownloadError(f"{leads}only https addresses are used, not {address!r}")
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        response = requests.get(
            address, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False
        )
        if not response.is_redirect:
            return response
        target = urljoin(address, response.headers["location"])
        response.close()
        if not verified:
            raise DownloadError(f"{url}: the server redirects to {target!r}, and no hash is known")
        address = target
    raise DownloadError(f"{url}: more than {MAX_REDIRECTIONS} redirections")


def _is_secure(url: str, local: bool) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (
        local and parts.scheme == "http" and parts.hostname in LOOPBACK
    )


def _verify(partial: Path, known_hash: str | None) -> None:
    if known_hash is None:
        return
    algorithm, _, expected = known_hash.partition(":")
    with open_regular(partial) as file:
        actual = digest(file, algorithm)
    if not is_digest(actual, expected):
        size = partial.stat().st_size
        partial.unlink()
        raise _TransientError(
            f"the {size:,} bytes that came have another hash: {algorithm} {actual}, "
            f"expected {expected}"
        )


def _reason(error: BaseException) -> str:
    """The innermost cause; what requests wraps around it is hard to read."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__
