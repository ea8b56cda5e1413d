"""What tests of the ways of requests out stand on: a company with connections of every kind, and servers
of Python and nginx that tell what they were asked."""
import gzip
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading

from harness import Case, wait_until

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
connect "http" {{ as = "issued", url = env "PLAIN_URL", auth = {{ client_id = "a", client_secret = secret "token",
                 oauth = "client_credentials", issuer = "http://127.0.0.1:{plain}/issuer" }} }}
connect "http" {{ as = "misled", url = env "PLAIN_URL", auth = {{ client_id = "a", client_secret = secret "token",
                 oauth = "client_credentials", issuer = env "ISSUER_URL" }} }}
connect "http" {{ as = "port", url = "https://8.8.8.8:8443" }}
connect "http" {{ as = "relay", url = "https://8.8.8.8", proxy = "http://8.8.4.4:3128" }}

local function ask(e, options)
  local answer, problem = http.try(http.get, e.connection, e.path, options)
  return {{ status = answer and answer.status, body = answer and answer.body,
    problem = problem and problem.message }}
end
rule "Get" {{ on = "open.get", run = function(e) return ask(e, {{ headers = {{ ["X-Own"] = "1" }} }}) end }}
rule "Post" {{ on = "open.post", run = function(e)
  local answer, problem = http.try(http.post, e.connection, e.path, {{ json = {{ a = ("x"):rep(e.size or 1) }} }})
  return {{ status = answer and answer.status, problem = problem and problem.message }}
end }}
rule "Bodies" {{ on = "open.bodies", run = function(e)
  local ok, problem = pcall(http.post, "plain", "/", e.options)
  return {{ ok = ok, problem = tostring(problem) }}
end }}
rule "Thrice" {{ on = "open.thrice", run = function(e)
  local function said(timeout)
    local answer, problem = http.try(http.get, "plain", e.path,
      (e.query or timeout) and {{ query = e.query, timeout = timeout }})
    if answer then answer.headers.date = nil end
    return {{ answer = answer, problem = problem and problem.message, error = problem }}
  end
  return {{ said(), said(), said(30) }}
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
        if path == "/.well-known/oauth-authorization-server":
            return self.answer(200, json.dumps(self.server.metadata).encode())
        if path == "/nowhere":
            return self.answer(302)
        if path == "/broken":
            return self.answer(200, b'{"a":', Content_Type="application/json")
        if path == "/text":
            return self.answer(203, b"[1]", Content_Type="text/plain", X_Quoted='a"b')
        if path == "/empty":
            return self.answer(204)
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


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class WaysCase(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
        self.server.seen, self.server.targets = [], {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.plain, self.tls = self.server.server_port, free_port()
        w.env.update(ISSUER_URL=f"http://127.0.0.1:{self.plain}", PLAIN_URL=f"http://127.0.0.1:{self.plain}/base",
                     TLS_URL=f"https://127.0.0.1:{self.tls}")
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
