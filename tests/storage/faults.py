"""A store that fails now and then: a proxy before the S3 server, which answers some requests as a broken one would."""

import http.client
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Fault = Callable[[str, str], int | None]
"""(method, path) -> a status to answer instead; negative: the request is carried out first, then answered so."""

CODES = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}


@contextmanager
def failing(server: str, fault: Fault) -> Iterator[str]:
    """The address of a proxy to `server` ("host:port") that asks `fault` about every request."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = fault(self.command, self.path) or 0
            found = None
            if status <= 0:
                upstream = http.client.HTTPConnection(server)
                upstream.request(self.command, self.path, body, dict(self.headers))
                found = upstream.getresponse()
                content, headers = found.read(), found.getheaders()
            if status:
                code = CODES[abs(status)]
                content = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code></Error>".encode()
                headers = [("Content-Type", "application/xml")]
            self.send_response(abs(status) or found.status)
            for name, value in headers:
                if name.lower() not in (
                    "transfer-encoding",
                    "content-length",
                    "connection",
                    "date",
                    "server",
                ):
                    self.send_header(name, value)
            length = (
                found.getheader("Content-Length") if self.command == "HEAD" and not status else len(content)
            )
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer

        def log_message(self, *_words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()
