"""A web server on this machine that stands in for the internet, and may lie in every way."""

import http.server
import re
import threading
import time
from contextlib import suppress


class Server:
    """Serves ``files``: name -> bytes, or a function of the request handler and the file's name.

    ``requests`` lists the paths that were asked for, ``ranges`` what part of them.
    """

    def __init__(self):
        self.files = {}
        self.requests = []
        self.ranges = []
        self.closing = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            server_side = outer

            def do_GET(self):
                outer.requests.append(self.path)
                outer.ranges.append(self.headers.get("Range"))
                content = outer.files.get(self.path.lstrip("/"))
                with suppress(ConnectionError):
                    if content is None:
                        self.send_error(404)
                    elif callable(content):
                        content(self)
                    else:
                        whole(self, content)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def begin(handler, status, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()


def whole(handler, content):
    """What an honest server does, parts included."""
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
    start = int(asked[1]) if asked else 0
    if asked and start >= len(content):
        begin(handler, 416, Content_Range=f"bytes */{len(content)}", Content_Length=0)
        return
    headers = {"Content_Length": len(content) - start}
    if asked:
        headers["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    begin(handler, 206 if asked else 200, **headers)
    handler.wfile.write(content[start:])


def cut(content, times=10**6, at=0.5):
    """Announces everything, and hangs up in the middle of what it has still to send."""

    def answer(handler):
        nonlocal times
        times -= 1
        if times < 0:
            whole(handler, content)
            return
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        start = int(asked[1]) if asked else 0
        headers = {"Content_Length": len(content) - start}
        if asked:
            headers["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        begin(handler, 206 if asked else 200, **headers)
        handler.wfile.write(content[start : start + int((len(content) - start) * at)])

    return answer


def announces(content, length):
    """Sends one thing and announces another."""

    def answer(handler):
        begin(handler, 200, Content_Length=length)
        handler.wfile.write(content)

    return answer


def endless(handler):
    begin(handler, 200)
    for _ in range(10_000):
        handler.wfile.write(bytes(1 << 16))


def silent(handler):
    """Takes the request and says nothing."""
    handler.server_side.closing.wait(30)


def silent_midway(content):
    def answer(handler):
        begin(handler, 200, Content_Length=len(content))
        handler.wfile.write(content[: len(content) // 2])
        handler.wfile.flush()
        handler.server_side.closing.wait(30)

    return answer


def no_http(handler):
    handler.wfile.write(b"\x89HDF\r\n\x1a\n" + bytes(1000))


def hangs_up(handler):
    handler.close_connection = True


def redirects(target):
    def answer(handler):
        begin(handler, 302, Location=target, Content_Length=0)

    return answer


def fails(status, times, content):
    """Fails a few times, then serves."""

    def answer(handler):
        nonlocal times
        times -= 1
        if times >= 0:
            handler.send_error(status)
        else:
            whole(handler, content)

    return answer


def ignores_ranges(content):
    def answer(handler):
        begin(handler, 200, Content_Length=len(content))
        handler.wfile.write(content)

    return answer


def lies_about_ranges(content):
    """Says that it sends the rest, and sends the beginning."""

    def answer(handler):
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        if not asked:
            whole(handler, content)
            return
        start = int(asked[1])
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        begin(handler, 206, Content_Range=span, Content_Length=len(content) - start)
        handler.wfile.write(content[: len(content) - start])

    return answer


def slow(content, seconds):
    """Long enough for another program to ask meanwhile."""

    def answer(handler):
        begin(handler, 200, Content_Length=len(content))
        half = len(content) // 2
        handler.wfile.write(content[:half])
        time.sleep(seconds)
        handler.wfile.write(content[half:])

    return answer
