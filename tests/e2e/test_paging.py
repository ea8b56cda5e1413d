"""Lists that come a page at a time: each page is a step, and no list is read for ever."""
import http.server
import json
from urllib.parse import parse_qs, urlsplit

from harness import Case, main

COMPANY = """company "Pages Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "http" { as = "crm", url = env "CRM_URL" }
rule "Read" { on = "open.read", run = function(e)
  local ids, last = {}, 0
  local ok, problem = pcall(function()
    for item, page in http.each("crm", e.path, { query = { q = "a" }, paging = e.paging }) do
      ids[#ids + 1], last = item.id, page
      if e.stop == item.id then break end
    end
  end)
  return { ids = ids, pages = last, problem = not ok and tostring(problem) or nil }
end }
"""
ITEMS = [{"id": i} for i in range(1, 8)]


class Crm(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path.removeprefix("/base"))
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        self.server.seen.append(self.path)
        headers, at = {}, 0
        if url.path == "/page":
            at = 3 * int(query["page"])
        elif url.path == "/previous":
            at = int(query.get("previousId", 0))
        elif url.path in ("/cursor", "/link"):
            at = int(query.get("cursor", 0))
        items = ITEMS[at:at + 3]
        body = {"data": {"items": items}}
        if url.path == "/cursor":
            body["meta"] = {"next_cursor": str(at + 3) if at + 3 < len(ITEMS) else None}
        if url.path == "/link":
            body = items
            headers["Link"] = '</first>; rel="first", </link?cursor=%d&q=a>; title="x"; rel="next last"' % (
                at + 3) if at + 3 < len(ITEMS) else '</first>; rel="first"'
        if url.path in ("/rooted", "/beside", "/behind"):  # where the next page is, in other words
            body, at = items, int(query.get("cursor", 0)) + 3
            items = body[:] = ITEMS[at - 3:at]
            if at < len(ITEMS):
                headers["Link"] = {"/rooted": "</base/rooted?cursor=%d&q=a#top>; rel=next",
                                   "/beside": "<beside?cursor=%d&q=a>; rel=next",
                                   "/behind": "<?cursor=%d&q=a>; rel=next"}[url.path] % at
        if url.path == "/away":
            body, headers["Link"] = items, "<//elsewhere.example/away?q=a>; rel=next"
        if url.path == "/told":
            body["links"] = {"next": None if query.get("cursor") else "/told?cursor=3&q=a"}
            body["data"]["items"] = ITEMS[int(query.get("cursor", 0)):][:4]
        if url.path == "/deaf":
            body = {"data": {"items": ITEMS[:3]}, "meta": {"next_cursor": len(self.server.seen)}}
        if url.path == "/odd":
            body["meta"] = {"next_cursor": {"after": 3}}
        if url.path == "/object":
            body["data"]["items"] = {"1": ITEMS[0]}
        if url.path == "/loop":
            n = len(self.server.seen)
            body = {"data": {"items": ITEMS[3 * n - 3:3 * n]}, "meta": {"next_cursor": min(4, n + 2)}}
        raw = json.dumps(body).encode()
        self.send_response(200)
        for name, value in {**headers, "Content-Type": "application/json",
                            "Content-Length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


class Paging(Case):
    def test_each_way_of_pages(self):
        server = self.serve(Crm)
        w = self.world
        w.env["CRM_URL"] = f"http://127.0.0.1:{server.server_port}/base"
        w.add_company("pages", COMPANY)
        w.start_host()
        every = [i["id"] for i in ITEMS]
        nested = {"items": "data.items"}
        cases = [
            ("/page", {"by": "page", **nested}, every, 4, None),
            ("/page", {"by": "page", "size": 3, **nested}, every, 3, None),
            ("/page", {"by": "page", "first": 1, **nested}, every[3:], 3, None),
            ("/previous", {"by": "previous", "size": 3, **nested}, every, 3, None),
            ("/cursor", {"by": "cursor", **nested}, every, 3, None),
            ("/link", {"by": "link"}, every, 3, None),
            ("/rooted", {"by": "link"}, every, 3, None),
            ("/beside", {"by": "link"}, every, 3, None),
            ("/behind", {"by": "link"}, every, 3, None),
            ("/told", {"by": "link", "next": "links.next", **nested}, [1, 2, 3, 4, 4, 5, 6, 7], 2, None),
            ("/away", {"by": "link"}, [], 1, "at another host"),
            ("/deaf", {"by": "page", **nested}, [1, 2, 3], 2, "page 2 of /deaf is page 1 once more"),
            ("/deaf", {"by": "cursor", **nested}, [1, 2, 3], 2, "page 2 of /deaf is page 1 once more"),
            ("/odd", {"by": "cursor", **nested}, [], 1, 'what stands at "meta.next_cursor" is a table'),
            ("/object", {"by": "page", **nested}, [], 1, "no list at data.items"),
            ("/page", {"by": "page", "size": "3", **nested}, [], 0, "size is a whole number above 0"),
            ("/loop", {"by": "cursor", **nested}, [1, 2, 3, 4, 5, 6], 3, "the same next page twice (4)"),
            ("/page", {"by": "page", "most": 2, **nested}, every[:6], 2, "more than 2 pages"),
            ("/cursor", {"by": "cursor", "items": "rows"}, [], 1, "no list at rows"),
            ("/cursor", {"by": "curser"}, [], 0, "paging = { by ="),
            ("/cursor", {"by": "cursor", "itens": "x"}, [], 0, 'paging has no "itens"'),
        ]
        for n, (path, paging, ids, steps, problem) in enumerate(cases, 1):
            server.seen.clear()
            w.deliver({"id": str(n), "type": "read", "path": path, "paging": paging}, "pages", "open",
                      sign=False)
            run = w.show(w.settled(n)[-1]["id"])
            self.assertEqual(run["state"], "done", run)
            got = run["result"]
            self.assertEqual((got["ids"] or [], len(server.seen)), (ids, steps), (path, paging, got))
            self.assertEqual(len(run["steps"]), steps)
            self.assertTrue(all("q=a" in path for path in server.seen), server.seen)
            if problem:
                self.assertIn(problem, got["problem"])
            else:
                self.assertNotIn("problem", got)
        server.seen.clear()
        w.deliver({"id": "stop", "type": "read", "path": "/page", "stop": 2,
                   "paging": {"by": "page", **nested}}, "pages", "open", sign=False)
        self.assertEqual(w.show(w.settled(len(cases) + 1)[-1]["id"])["result"]["ids"], [1, 2])
        self.assertEqual(len(server.seen), 1)


if __name__ == "__main__":
    main()
