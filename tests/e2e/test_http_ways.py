"""How requests get out: redirects, proxies, HTTP/2, client certificates, gzip, and where they may
not go. The peers are nginx and servers of sockets."""
import base64
import gzip
import http.server
import json
import os
import select
import socket
import ssl
import subprocess
import threading

from harness import ROOT, Case, main, wait_until

COMPANY = """company "Ways Oy" {{}}
connect "webhook" {{ as = "open", secret = false, event = "type", id = "id" }}
connect "http" {{ as = "plain", url = env "PLAIN_URL", auth = {{ bearer = secret "token" }},
                 headers = {{ ["X-Tenant"] = "7" }}, redirects = {{ "files.test", "localhost" }} }}
connect "http" {{ as = "tls", url = env "TLS_URL" }}
connect "http" {{ as = "mutual", url = env "TLS_URL", certificate = secret "client-pem",
                 redirects = {{ "LOCALHOST", "*.test" }} }}
connect "http" {{ as = "broken", url = env "TLS_URL", certificate = secret "token" }}
connect "http" {{ as = "through", url = "http://unknown.invalid", proxy = env "PROXY_URL",
                 auth = {{ bearer = secret "token" }} }}
connect "http" {{ as = "tunnel", url = "https://127.0.0.1:{tls}", proxy = env "PROXY_URL" }}
connect "http" {{ as = "keyed", url = env "PLAIN_URL",
                 auth = {{ header = "X-Api-Key", value = secret "token" }}, redirects = {{ "localhost" }} }}
connect "http" {{ as = "basic", url = env "PLAIN_URL", auth = {{ user = "me", password = secret "token" }} }}
connect "http" {{ as = "literal", url = "http://127.0.0.1:{plain}" }}
connect "http" {{ as = "named", url = "http://localhost:{plain}" }}

local function ask(e, options)
  local answer, problem = http.try(http.get, e.connection, e.path, options)
  return {{ status = answer and answer.status, body = answer and answer.body,
    problem = problem and problem.message }}
end
rule "Get" {{ on = "open.get", run = function(e) return ask(e, {{ headers = {{ ["X-Own"] = "1" }} }}) end }}
rule "Post" {{ on = "open.post", run = function(e)
  local answer, problem = http.try(http.post, e.connection, e.path, {{ json = {{ a = 1 }} }})
  return {{ status = answer and answer.status, problem = problem and problem.message }}
end }}
rule "Header" {{ on = "open.header", run = function(e)
  local ok, problem = pcall(http.get, e.to or "plain", "/", {{ headers = {{ [e.name] = e.value }} }})
  return {{ ok = ok, problem = tostring(problem) }}
end }}
"""
TOKEN = "tok-canary-91"


class Plain(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if length := int(self.headers.get("Content-Length") or 0):
            self.rfile.read(length)
        path = self.path.split("?")[0].removeprefix("/base")
        self.server.seen.append((self.command, self.path, self.headers))
        if path.startswith("/to/"):
            code, target = path[4:].split("/", 1)
            return self.answer(int(code), Location=self.server.targets[target])
        if path == "/nowhere":
            return self.answer(302)
        if path == "/bomb":
            return self.answer(200, gzip.compress(b"0" * 30_000_000), Content_Encoding="gzip",
                               Content_Type="text/plain")
        if path == "/gz":
            return self.answer(200, gzip.compress(b'{"zip":true}'), Content_Encoding="gzip",
                               Content_Type="application/json")
        self.answer(200, b'{"at":"%s"}' % path.encode(), Content_Type="application/json")

    do_POST = do_GET


class Files(Plain):
    """By TLS; remembers who showed a certificate."""

    def do_GET(self):
        self.server.certificates.append(bool(self.connection.getpeercert()))
        super().do_GET()

    do_POST = do_GET


class Peer(threading.Thread):
    """Serves each connection of its listener in a thread of its own."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def stop(self):
        """Closing alone leaves the thread in its accept, which, begun again by the kernel, takes the
        connections of whatever listener has that descriptor's number by then."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listener.close()


class Proxy(Peer):
    """A small HTTP proxy: CONNECT, and absolute requests answered by itself."""

    def __init__(self):
        self.refuse = None  # a status line, instead of what it is for
        self.heads = []
        super().__init__()

    def serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head.decode("latin-1"))
            method, target, _ = self.heads[-1].split("\r\n")[0].split(" ")
            if self.refuse:
                client.sendall(f"HTTP/1.1 {self.refuse}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                               b"Content-Type: text/plain\r\nConnection: close\r\n\r\nvia")
                return
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n")
                while True:
                    for s in select.select([client, server], [], [])[0]:
                        data = s.recv(65536)
                        if not data:
                            return
                        (server if s is client else client).sendall(data)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Socks(Peer):
    """A SOCKS5 proxy (RFC 1928, 1929): wants me:pass, and answers `reply` to what it is asked."""

    def __init__(self):
        self.reply, self.asked = 0, []
        super().__init__()

    def serve(self, client):
        with client:
            stream = client.makefile("rwb", buffering=0)
            stream.read(stream.read(2)[1])
            stream.write(b"\x05\x02")
            user = stream.read(stream.read(2)[1])
            password = stream.read(stream.read(1)[0])
            good = (user, password) == (b"me", b"pass")
            stream.write(b"\x01" + bytes([not good]))
            if not good:
                return
            stream.read(4)  # a name, for socks5h
            name = stream.read(stream.read(1)[0])
            port = int.from_bytes(stream.read(2), "big")
            self.asked.append((name.decode(), port))
            stream.write(b"\x05" + bytes([self.reply]) + b"\x00\x01\x7f\x00\x00\x01\x00\x50")
            if self.reply:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n"
                           b"Connection: close\r\n\r\nsocks")


class Ways(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
        self.server.seen, self.server.targets = [], {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.proxy = Proxy()
        self.addCleanup(self.proxy.stop)
        self.plain, self.tls = self.server.server_port, free_port()
        w.env.update(PLAIN_URL=f"http://127.0.0.1:{self.plain}/base",
                     TLS_URL=f"https://127.0.0.1:{self.tls}",
                     PROXY_URL=f"http://me:pass@127.0.0.1:{self.proxy.port}")
        w.add_company("ways", COMPANY.format(plain=self.plain, tls=self.tls))
        w.secret("ways", "token", TOKEN)
        self.count = 0

    def start(self, *args):
        self.world.start_host("--retry-attempts", "2", "--retry-base", "1ms", *args)

    def ask(self, connection="plain", path="/", kind="get", **more):
        self.count += 1
        self.world.deliver({"id": str(self.count), "type": kind, "connection": connection,
                            "path": path, **more}, "ways", "open", sign=False)
        run = self.world.show(self.world.settled(self.count)[-1]["id"])
        self.run_shown = run
        return run["result"] if run["state"] == "done" else run["reason"]

    def certificates(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], cwd=self.world.dir, check=True, capture_output=True)
        for name, subject in (("ca", "/CN=test ca"), ("srv", "/CN=127.0.0.1"), ("cli", "/CN=ways")):
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
            if name == "ca":
                openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", subject, "-days", "2",
                        "-out", "ca.pem")
                continue
            with open(os.path.join(self.world.dir, "ext"), "w") as f:
                f.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
            openssl("req", "-new", "-key", name + ".key", "-subj", subject, "-out", name + ".csr")
            openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", name + ".pem")
        return os.path.join(self.world.dir, "ca.pem")

    def nginx(self):
        ca = self.certificates()
        conf = f"""daemon off; master_process off; pid {self.world.dir}/nginx.pid; error_log {self.world.dir}/nginx.err;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {self.world.dir}/nb; proxy_temp_path {self.world.dir}/np;
  fastcgi_temp_path {self.world.dir}/nf; uwsgi_temp_path {self.world.dir}/nu;
  scgi_temp_path {self.world.dir}/ns; gzip on; gzip_types application/json; gzip_min_length 1;
  server {{
    listen 127.0.0.1:{self.tls} ssl http2;
    ssl_certificate {self.world.dir}/srv.pem; ssl_certificate_key {self.world.dir}/srv.key;
    ssl_client_certificate {ca}; ssl_verify_client optional;
    location / {{
      default_type application/json;
      return 200 '{{"protocol":"$server_protocol","client":"$ssl_client_s_dn",
"encoding":"$http_accept_encoding"}}';
    }}
  }}
}}"""
        path = os.path.join(self.world.dir, "nginx.conf")
        with open(path, "w") as f:
            f.write(conf)
        p = subprocess.Popen(["/usr/sbin/nginx", "-c", path, "-p", self.world.dir, "-e", path + ".err"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(p.wait)
        self.addCleanup(p.terminate)

        def open_now():
            try:
                socket.create_connection(("127.0.0.1", self.tls)).close()
                return True
            except OSError:
                return False
        wait_until(open_now, "nginx listens")
        with open(os.path.join(self.world.dir, "cli.pem")) as a, \
                open(os.path.join(self.world.dir, "cli.key")) as b:
            self.world.secret("ways", "client-pem", a.read() + b.read())
        return ca

    def test_redirects_within_the_origin_and_no_further(self):
        at = f"http://127.0.0.1:{self.plain}"
        other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
        other.seen, other.targets = [], {}
        threading.Thread(target=other.serve_forever, daemon=True).start()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.server.targets = {
            "same": f"{at}/there", "relative": "../../x/./there?q=1",
            "away": f"http://127.0.0.1:{other.server_port}/", "loop": "/to/302/loop",
            "file": "file:///etc/passwd", "user": f"http://a:b@127.0.0.1:{self.plain}/",
            "listed": "https://files.test/x", "plain": "http://files.test/x"}
        self.start()
        for code in (301, 302, 303, 307, 308):
            self.assertEqual(self.ask(path=f"{at}/to/{code}/same")["body"], {"at": "/there"})
        self.assertEqual(self.server.seen[-1][2]["Authorization"], f"Bearer {TOKEN}")
        self.assertEqual(self.server.seen[-1][2]["X-Tenant"], "7")
        self.assertEqual(self.server.seen[-1][2]["X-Own"], "1")
        self.assertEqual(self.ask(path=f"{at}/to/302/relative")["body"],
                         {"at": "/x/there"})
        for target in ("away", "file", "user", "plain"):
            problem = self.ask(path=f"{at}/to/302/{target}")["problem"]
            self.assertIn("redirects are not followed", problem)
        self.assertEqual(other.seen, [])
        # A host that is listed is asked by TLS; there is none of this name.
        self.assertRegex(self.ask(path=f"{at}/to/302/listed"), "files.test: its name could not be resolved")
        self.assertIn("nowhere", self.ask(path=f"{at}/nowhere")["problem"])
        before = len(self.server.seen)
        self.assertIn("redirects are not followed", self.ask(path=f"{at}/to/302/loop")["problem"])
        self.assertEqual(len(self.server.seen) - before, 6)
        for code in (301, 302, 303, 307, 308):
            before = len(self.server.seen)
            result = self.ask(path=f"{at}/to/{code}/same", kind="post")
            self.assertIn("not followed by writes", result["problem"])
            self.assertEqual(len(self.server.seen) - before, 1)

    def files(self, ca):
        """A server of TLS, known as localhost and by its address, that takes certificates of `ca`."""
        with open(os.path.join(self.world.dir, "cli.pem")) as a, \
                open(os.path.join(self.world.dir, "cli.key")) as b:
            self.world.secret("ways", "client-pem", a.read() + b.read())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.world.dir, "srv.pem"),
                                os.path.join(self.world.dir, "srv.key"))
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        files = http.server.ThreadingHTTPServer(("127.0.0.1", self.tls), Files)
        files.seen, files.targets, files.certificates = [], {}, []
        files.socket = context.wrap_socket(files.socket, server_side=True)
        threading.Thread(target=files.serve_forever, daemon=True).start()
        self.addCleanup(files.server_close)
        self.addCleanup(files.shutdown)
        return files

    def test_redirects_to_a_listed_host_go_without_credentials(self):
        ca, secret_headers = self.certificates(), ("Authorization", "X-Tenant", "X-Own")
        files, at = self.files(ca), f"http://127.0.0.1:{self.plain}"
        self.server.targets = {"files": f"https://localhost:{self.tls}/x?signed=1",
                               "there": f"https://LOCALHOST:{self.tls}/to/302/home",
                               "on": f"https://localhost:{self.tls}/to/307/on"}
        files.targets = {"home": f"{at}/home", "on": f"https://localhost:{self.tls}/on",
                         "away": f"https://localhost:{self.tls}/away",
                         "unlisted": f"https://files.example:{self.tls}/"}
        # The list is the company's: what is listed is still no way into the operator's network.
        self.start("--ca-file", ca)
        self.assertIn("not a public one", self.ask(path=f"{at}/to/302/files")["problem"])
        self.assertEqual(files.seen, [])
        self.world.host.stop()
        self.start("--ca-file", ca, "--allow-net", "127.0.0.1/32, ::1")
        for code in (301, 302, 303, 307, 308):
            self.assertEqual(self.ask(path=f"{at}/to/{code}/files")["body"], {"at": "/x"})
            method, path, headers = files.seen[-1]
            self.assertEqual((method, path), ("GET", "/x?signed=1"))
            for name in secret_headers:
                self.assertNotIn(name, headers)
        self.assertEqual(self.server.seen[-1][2]["Authorization"], f"Bearer {TOKEN}")
        # Sent on there, and sent back: what was led away once is never trusted again.
        self.assertEqual(self.ask(path=f"{at}/to/302/on")["body"], {"at": "/on"})
        self.assertEqual(self.ask(path=f"{at}/to/302/there")["body"], {"at": "/home"})
        self.assertEqual(self.server.seen[-1][1], "/home")
        for name in secret_headers:
            self.assertNotIn(name, self.server.seen[-1][2])
        # The client's certificate is shown to the connection's own host alone.
        files.certificates.clear()
        self.assertEqual(self.ask("mutual", "/to/302/away")["body"], {"at": "/away"})
        self.assertEqual(files.certificates, [True, False])
        self.assertIn("redirects are not followed", self.ask("mutual", "/to/302/unlisted")["problem"])

    def test_an_address_of_the_company_s_own_is_a_public_one(self):
        self.start()
        for name in ("literal", "named"):
            self.assertIn("not a public one", self.ask(name)["problem"])
        self.assertEqual(self.server.seen, [])
        # Nor by a connection that somebody who may has left open.
        self.assertEqual(self.ask("plain")["status"], 200)
        self.assertIn("not a public one", self.ask("literal")["problem"])
        self.assertEqual(len(self.server.seen), 1)

    def test_the_operator_lets_networks_through(self):
        self.start("--allow-net", "10.0.0.0/8, 127.0.0.1/32, ::1")
        self.assertEqual(self.ask("literal")["status"], 200)
        self.assertEqual(self.ask("named")["status"], 200)
        bad = self.world.sauma("serve", "--companies", self.world.companies, "--data",
                               self.world.data + "2", "--allow-net", "10.0.0.0/33", check=False)
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn(b'"10.0.0.0/33" is no network', bad.stderr)

    def test_gzip_is_inflated_as_far_as_an_answer_may_be(self):
        self.start()
        self.assertEqual(self.ask(path="/gz")["body"], {"zip": True})
        self.assertIn("limit of 16777216 bytes (--max-answer)", self.ask(path="/bomb")["problem"])
        self.assertEqual(sum(s[1] == "/base/bomb" for s in self.server.seen), 1)

    def test_http2_client_certificates_and_timings(self):
        self.start("--ca-file", self.nginx())
        result = self.ask("tls")
        self.assertEqual(result["body"], {"protocol": "HTTP/2.0", "client": "", "encoding": "gzip"})
        timing = self.run_shown["steps"][0]["answer"]["timing"]
        self.assertEqual((timing["http"], timing["reused"]), ("2.0", False))
        self.assertLess(0, timing["connect_us"])
        self.assertLessEqual(timing["connect_us"], timing["tls_us"])
        self.assertLessEqual(timing["tls_us"], timing["first_byte_us"])
        self.assertLessEqual(timing["first_byte_us"], timing["total_us"])
        self.assertEqual(self.ask("mutual")["body"]["client"], "CN=ways")
        self.assertEqual(self.ask("tls")["body"]["client"], "")  # not by the other's connection
        self.assertIn("certificate or its key cannot be used", self.ask("broken")["problem"])
        for name in os.listdir(self.world.data):
            path = os.path.join(self.world.data, name)
            if os.path.isfile(path):
                self.assertNotIn(b"BEGIN EC PRIVATE", open(path, "rb").read())

    def test_a_line_of_http2_that_is_cut(self):
        """A write is carried out once at most and never called done; a read is asked again."""
        w = self.world
        ca = self.certificates()
        p = subprocess.Popen(["node", os.path.join(ROOT, "tests", "node", "h2.js")], stdout=subprocess.PIPE,
                             env=dict(os.environ, PORT=str(self.tls), CERT=os.path.join(w.dir, "srv.pem"),
                                      KEY=os.path.join(w.dir, "srv.key")))
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.assertEqual(p.stdout.readline(), b"ready\n")
        self.start("--ca-file", ca, "--http-timeout", "3s", "--breaker-failures", "1000",
                   "--settle", "20ms", "--looks", "none", "--write-attempts", "1")
        undone, does = ("refused", "goaway", "undone"), ("reset", "dropped", "head", "body", "hang")
        for how in undone + does:
            self.assertEqual(self.ask("tls", f"/ok/{how}")["status"], 200)  # a connection is there
            self.assertIn("It is not known whether tls carried out", self.ask("tls", f"/{how}/post",
                                                                               kind="post"), how)
            # A read is asked again by itself, for that changes nothing.
            if how != "hang":
                self.assertEqual(self.ask("tls", f"/{how}/get")["body"], {"ok": True}, how)
        done = self.ask("tls", "/_done")["body"]
        for how in undone + does:
            self.assertEqual(done.get(f"/{how}/post", 0), 0 if how in undone else 1, how)

    def test_a_proxy(self):
        self.start("--ca-file", self.nginx())
        self.assertEqual(self.ask("through", "/x")["body"], "via")
        head = self.proxy.heads[0]
        self.assertTrue(head.startswith("GET http://unknown.invalid/x HTTP/1.1\r\n"), head)
        self.assertIn("Proxy-Authorization: Basic " + base64.b64encode(b"me:pass").decode(), head)
        self.assertEqual(self.ask("tunnel")["body"]["protocol"], "HTTP/2.0")
        wait_until(lambda: len(self.proxy.heads) > 1, f"the proxy to be asked: {self.run_shown}", 5)
        self.assertTrue(self.proxy.heads[1].startswith(f"CONNECT 127.0.0.1:{self.tls} HTTP/1.1\r\n"))
        self.assertEqual(self.run_shown["steps"][0]["answer"]["headers"].get("x-proxy"), None)

    def test_a_proxy_that_refuses(self):
        self.start()
        self.proxy.refuse = "407 Proxy Authentication Required"
        for kind in ("get", "post"):
            self.assertIn("its proxy does not take our credentials",
                          self.ask("tunnel", kind=kind)["problem"])
        self.assertEqual(len(self.proxy.heads), 2)  # definite: asked once each
        # It answers for the other side where nothing is tunnelled; nothing was passed on.
        self.assertIn("407", str(self.ask("through")))
        self.proxy.refuse = "403 Forbidden"
        self.assertIn("its proxy does not let us through", self.ask("tunnel", kind="post")["problem"])
        self.proxy.refuse = "502 Bad Gateway"
        before = len(self.proxy.heads)
        self.assertIn("its proxy has no way there now", str(self.ask("tunnel", kind="post")))
        self.assertEqual(len(self.proxy.heads) - before, 2)  # nothing was sent: tried again

    def test_a_socks_proxy(self):
        socks, w = Socks(), self.world
        self.addCleanup(socks.stop)
        w.env["PROXY_URL"] = f"socks5h://me:pass@127.0.0.1:{socks.port}"
        self.start()
        self.assertEqual(self.ask("through", "/x")["body"], "socks")
        self.assertEqual(socks.asked, [("unknown.invalid", 80)])  # names are its to resolve
        socks.reply = 2
        self.assertIn("its proxy does not let us through",
                      self.ask("through", kind="post")["problem"])
        self.assertEqual(len(socks.asked), 2)
        socks.reply = 4
        self.assertIn("its proxy has no way there now", str(self.ask("through", kind="post")))
        self.assertEqual(len(socks.asked), 4)
        w.host.stop()
        w.env["PROXY_URL"] = f"socks5h://me:wrong@127.0.0.1:{socks.port}"
        self.start()
        self.assertIn("its proxy does not take our credentials", self.ask("through")["problem"])
        self.assertEqual(len(socks.asked), 4)

    def test_headers_that_are_no_script_s(self):
        self.start()
        for name, value, words in (("Host", "a", "set by the host"),
                                   ("content-length", "3", "set by the host"),
                                   ("X", "a\r\nY: b", "control character"),
                                   ("X Y", "a", "not the name"),
                                   ("Transfer-Encoding", "chunked", "set by the host"),
                                   ("Authorization", "Bearer x", "is the host's")):
            result = self.ask(kind="header", name=name, value=value)
            self.assertFalse(result["ok"])
            self.assertIn(words, result["problem"])
        result = self.ask(kind="header", to="keyed", name="x-api-key", value="mine")
        self.assertIn("the header x-api-key is the host's", result["problem"])
        self.assertEqual(self.server.seen, [])

    def test_who_we_are_in_the_header_that_the_other_side_wants(self):
        ca = self.certificates()
        files = self.files(ca)
        self.server.targets = {"files": f"https://localhost:{self.tls}/x"}
        self.start("--ca-file", ca, "--allow-net", "127.0.0.1/32, ::1")
        self.ask("keyed")
        self.assertEqual(self.server.seen[-1][2]["X-Api-Key"], TOKEN)
        self.assertNotIn("Authorization", self.server.seen[-1][2])
        self.ask("basic")
        self.assertEqual(self.server.seen[-1][2]["Authorization"],
                         "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode())
        self.ask("keyed", f"http://127.0.0.1:{self.plain}/to/302/files")
        self.assertEqual(files.seen[-1][1], "/x")
        self.assertNotIn("X-Api-Key", files.seen[-1][2])
        self.assertNotIn(TOKEN, json.dumps(self.run_shown))
        self.world.secret("ways", "token", "another")  # looked up again, the old ones leave nothing behind
        wait_until(lambda: self.ask("keyed") and self.server.seen[-1][2]["X-Api-Key"] == "another",
                   "the new secret to be used")
        self.ask("basic")
        self.assertIn(base64.b64encode(b"me:another").decode(), self.server.seen[-1][2]["Authorization"])
        self.assertEqual(self.world.host.stop(), 0)


if __name__ == "__main__":
    main()
