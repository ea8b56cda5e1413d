"""What a script may ask for: what is not understood is refused at the line that wrote it, and nothing is
left out or bent without a word."""
import http.server
import re

from harness import Case, main

COMPANY = """company "Asking Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "http" { as = "p", url = env "P_URL" }
connect "http" { as = "q", url = env "Q_URL" }
local function get(options) return http.get("p", "/", options) end
local function post(options) return http.post("p", "/", options) end
local cases = {
%s
}
rule "Case" { on = "open.case", run = function(e)
  local ok, problem = pcall(cases[e.n])
  return { ok = ok, problem = not ok and tostring(problem) or nil }
end }
"""
SECONDS = "seconds above 0, at most"
# What is done; what is said of it, or the request that is made of it.
CASES = [
    ("get { timeout = 0 }", f"timeout is a number of {SECONDS} 3600"),
    ("get { timeout = 0/0 }", f"timeout is a number of {SECONDS} 3600"),
    ("get { timeout = math.huge }", f"timeout is a number of {SECONDS} 3600"),
    ("get { deadline = -1 }", f"deadline is a number of {SECONDS} 2592000"),
    ("get { keep = -1 }", "keep is a number of seconds from 0 to 31536000"),
    ("get { lost = 'keep' }", 'lost is "drop", or left out'),
    ("get { accept = { '404' } }", 'accept is a list of statuses, and the string "404" is none'),
    ("get { accept = { a = 404 } }", "accept is a list of statuses: { 404 }"),
    ("get { file = 'pdf' }", 'file is true, or a media type'),
    ("post { json = {}, settle = math.huge }", "settle is a number of seconds from 0 to 86400"),
    ("post { json = {}, attempts = 1e9 }", "attempts is a whole number from 1 to 100"),
    ("post { json = {}, looks = { 0/0 } }", "looks are at most 8 times in seconds"),
    ("post { json = {}, looks = { a = 1 } }", "looks are at most 8 times in seconds"),
    # paths
    ("http.get('p', '/customers/' .. '../invoices')", 'a path has no "." or ".." as one of its parts'),
    ("http.delete('p', '/customers/%2E%2e')", 'a path has no "." or ".." as one of its parts'),
    ("http.delete('p', '/customers/.')", 'a path has no "." or ".." as one of its parts'),
    ("http.delete('p', '/customers/C#')", 'a path ends at a "#"'),
    ("http.get('p', '/a.b/..c/v1.0?d=/../')", "/base/a.b/..c/v1.0?d=/../"),
    # numbers as they are, lists whole
    ("get { query = { a = 1e15, b = 2^53, c = 0.1, d = 7.0 } }",
     "/base/?a=1000000000000000&b=9007199254740992&c=0.1&d=7"),
    ("get { query = { a = 123456789.123456789 } }", "/base/?a=123456789.12345679"),
    ("get { query = { a = 0/0 } }", 'parameter "a" is no number'),
    ("get { query = { a = { 1, nil, 3 } } }", 'parameter "a" is a table with names or holes'),
    ("get { query = { a = { b = 1 } } }", 'parameter "a" is a table with names or holes'),
    ("post { form = { a = { b = 1 } } }", 'parameter "a" is a table with names or holes'),
    ("get { headers = { ['X-A'] = {} } }", 'header "X-A" is a table; a text'),
    ("get { headers = { ['X-A'] = '1', ['x-a'] = '2' } }", 'header "x-a" is there twice'),
    ("post { parts = { { name = 'a', text = '1' }, nil, { name = 'b', text = '2' } } }",
     "parts is a list of 1 to 64 parts"),
    ("post { parts = { { name = 'a', text = 5 } } }", 'text of part "a" is a text, not a number'),
    ("post { parts = { { name = 'a', file = 5 } } }", 'file of part "a" is a file that http.get'),
    ("post { json = {}, look_first = true, find = function() return { id = 1 }, 'x' end }",
     "find gives a record and how many there are, and the second is a string"),
    ("post { json = {}, look_first = true, find = function() return ' <html>' end }",
     "find gave an answer that is not JSON"),
    ("post { json = {}, look_first = true, find = function() return '' end }",
     "find gave an answer that is not JSON"),
    # an address that has a query itself
    ("http.get('q', '')", "/base?key=1"),
    ("http.get('q', '/x')", "the connection's url has a query, and nothing can stand behind one"),
    ("http.get('q', '', { query = { a = 1 } })", "the connection's url has a query"),
    # what a rule's own functions give of an answer
    ("http.get('p', '/404', { explain = function(_, body) return body, body, body end })",
     "p refused GET /404: 404 no such thing"),
    ("get { check = function(answer) return false, answer.body end }",
     "the answer is not what was to be expected"),
]


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(self.path)
        self.send_response(404 if self.path.endswith("404") else 200)
        body = b'{"message":"no such thing"}'
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET


class Options(Case):
    def test_each_of_them(self):
        server = self.serve(Server)
        w = self.world
        w.env["P_URL"] = f"http://127.0.0.1:{server.server_port}/base"
        w.env["Q_URL"] = w.env["P_URL"] + "?key=1"
        w.add_company("asking", COMPANY % "\n".join(f"  function() return {lua} end," for lua, _ in CASES))
        w.start_host()
        for n, (lua, expected) in enumerate(CASES, 1):
            server.seen.clear()
            w.deliver({"id": str(n), "type": "case", "n": n}, "asking", "open", sign=False)
            run = w.show(w.settled(n)[-1]["id"])
            self.assertEqual(run["state"], "done", (lua, run))
            got = run["result"]
            if expected.startswith("/"):
                self.assertEqual((got["ok"], server.seen), (True, [expected]), (lua, got))
                continue
            self.assertIn(expected, got.get("problem", got), lua)
            if not re.search("404'|check", lua):
                self.assertEqual(server.seen, [], lua)


if __name__ == "__main__":
    main()
