"""`sauma show --curl`: the command lines send what the host sent, byte for byte, whatever a path, a text or
a file's name holds; and nothing in them is read as a file or a program of whoever runs them."""
import http.server
import os
import re
import subprocess

from harness import Case, main

COMPANY = """company "Lines Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "http" { as = "p_2", url = env "P_URL", auth = { bearer = secret "t" },
                 headers = { ["X-Tenant"] = "7" } }
local function get(path, options) return http.get("p_2", path, options) end
local function post(options) return http.post("p_2", "/", options) end
local cases = {
%s
}
rule "Case" { on = "open.case", run = function(e) cases[e.n]() end }
"""
CASES = [
    """get("/a[1-3]={x,y}|y^`\\"<>$HOME'q'$(id>pwned)`id>pwned`;&*?b=[1-2]")""",
    """get("items", { query = { ["filter[a]"] = "x y&z", b = "{1,2}" } })""",
    """get("", { headers = { ["X-E"] = "", ["X-Q"] = "@it's \\"$HOME\\" `id` \\\\ %0a" } })""",
    'post { body = "@/etc/hostname" }',
    'post { json = "@/etc/hostname" }',
    "post { json = 5 }",
    'post { body = "-d --next -K /etc/hostname" }',
    """post { body = "-'%s\\\\n$(touch pwned)\\r\\n\\27[31m\\u{9b}\\t\\n" }""",
    'post { body = "\\0\\255\\r\\n" }',
    'post { json = { a = "it\\27s", b = decimal "12345678901234567890.125" } }',
    'post { json = { base64 = "AAA=" } }',
    'post { form = { ["@"] = "@y" } }',
    "post {}",
    'http.delete("p_2", "/x")',
    'http.write("p_2", "HEAD", "/x")',
    'http.search("p_2", "/s", { json = {} })',
    """post { parts = { { name = "meta", json = { a = "it's; type=x" } },
      { name = "note", text = "@/etc/hostname" }, { name = "n;b", text = '<x"y\\\\z' },
      { name = "f", text = "a;b,c", filename = "x,y;z.csv", type = "text/csv" },
      { name = "t", text = "1", type = "text/plain; charset=utf-8" } } }""",
    """(function()
      local f = get("/file", { file = true }).file
      post { parts = { { name = "f", file = f },
        { name = "g", file = f, filename = "../../etc/hostname;type=a", type = 'application/pdf;x="y"' } } }
    end)()""",
]
PDF = b"%PDF-1.7\n\0\xff\r\n"
NAMES = ["it's a;b,c $x.pdf", "hostname;type=a"]
NOT_COMPARED = ("user-agent", "accept-encoding", "host")


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k.lower(): v for k, v in self.headers.items() if k.lower() not in NOT_COMPARED}
        if boundary := re.search("boundary=(.*)", headers.get("content-type", "")):
            body = body.replace(boundary[1].encode(), b"")
            headers["content-type"] = headers["content-length"] = "multipart"
        self.server.seen.append((self.command, self.path, headers, body))
        answer = PDF if self.path == "/base/file" else b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/pdf" if answer == PDF else "application/json")
        self.send_header("Content-Disposition", f'attachment; filename="{NAMES[0]}"')
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_POST = do_DELETE = do_HEAD = do_GET


class Lines(Case):
    def test_what_curl_sends_is_what_was_sent(self):
        server = self.serve(Server)
        w = self.world
        w.env["P_URL"] = f"http://127.0.0.1:{server.server_port}/base"
        w.add_company("lines", COMPANY % "\n".join(f"  function() return {lua} end," for lua in CASES))
        w.secret("lines", "t", "tok-canary-77")
        w.start_host()
        folder = os.path.join(w.dir, "cwd")
        os.mkdir(folder)
        for name in NAMES:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(PDF)
        env = dict(os.environ, P_2_URL=w.env["P_URL"],
                   P_2_AUTHORIZATION="Authorization: Bearer tok-canary-77")
        for n, lua in enumerate(CASES, 1):
            server.seen.clear()
            w.deliver({"id": str(n), "type": "case", "n": n}, "lines", "open", sign=False)
            run = w.settled(n)[-1]
            self.assertEqual(run["state"], "done", (lua, run))
            ours = server.seen[:]
            lines = w.sauma("show", run["id"], "--curl", "--data", w.data).stdout
            self.assertNotRegex(lines, b"canary|127.0.0.1|[\0-\x08\x0b-\x1f\x7f]", lua)
            server.seen.clear()
            done = subprocess.run(["sh", "-ec", lines.replace(b"curl -g", b"curl -sfgm 20 -o /dev/null")],
                                  cwd=folder, env=env, timeout=60, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0, lines)
            self.assertEqual(server.seen, ours, lines.decode())
        self.assertEqual(sorted(os.listdir(folder)), sorted(NAMES))


if __name__ == "__main__":
    main()
