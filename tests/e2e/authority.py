"""An authorization server, and the API behind it, that say whatever a test wants them to say."""
import http.server
import json
import threading
import urllib.parse


class Asked:
    """One request: method, path, form (of the body) or query, headers."""

    def __init__(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        self.method, self.path, self.headers = handler.command, url.path, handler.headers
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.form = dict(urllib.parse.parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        self.body, self.handler = body, handler


class Authority:
    """says[path] is what is answered there: an object (JSON), bytes, (status, object or bytes,
    headers), or a function of the Asked that gives one of them; None cuts the connection."""

    def __init__(self):
        authority, self.asked, self.says = self, [], {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self, body)
                authority.asked.append(asked)
                says = authority.says.get(asked.path, (404, {"error": "not_found"}))
                authority.send(self, says(asked) if callable(says) else says)

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 2048

            def handle_error(self, *args):
                pass  # who asked has gone away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.metadata()
        self.says["/api/who"] = lambda a: {"who": a.headers.get("Authorization")}

    def metadata(self, **changes):
        self.says["/.well-known/oauth-authorization-server"] = {
            "issuer": self.url, "authorization_endpoint": self.url + "/authorize",
            "token_endpoint": self.url + "/token", "device_authorization_endpoint": self.url + "/device",
            **changes}

    @staticmethod
    def send(handler, says):
        if says is None:
            handler.close_connection = True
            handler.connection.shutdown(2)
            return
        status, body, headers = (*says, {})[:3] if isinstance(says, tuple) else (200, says, {})
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **headers}
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def at(self, path):
        """What was asked there, oldest first."""
        return [a for a in self.asked if a.path == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
