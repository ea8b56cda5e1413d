"""Limits of a run: named when hit, lower for a company that asks for it, and no other run notices."""
import os

from harness import BUILD, Case, main, wait_until

COMPANY = """company "Small Oy" {{ {limits} }}
connect "webhook" {{ as = "shop", secret = false, event = "type" }}
connect "http" {{ as = "stock", url = env "STOCK_URL", rate = 1000 }}
rule "memory" {{ on = "shop.memory", run = function()
  local t = {{}} for i = 1, 1e7 do t[i] = {{ i }} end end }}
rule "loop" {{ on = "shop.loop", run = function() while true do end end }}
rule "drip" {{ on = "shop.drip", run = function()
  while true do for i = 1, 1e5 do end time.now() end end }}
rule "steps" {{ on = "shop.steps", run = function() while true do time.now() end end }}
rule "log" {{ on = "shop.log", run = function()
  for i = 1, 100 do log(("x"):rep(1000)) end return "went on" end }}
rule "sent" {{ on = "shop.sent", run = function()
  for i = 1, 100 do http.try(http.post, "stock", "/x", {{ body = ("x"):rep(10000), lost = "drop" }})
  end end }}
rule "fine" {{ on = "shop.fine", run = function() return "fine" end }}
rule "all" {{ on = "shop.all", run = function()
  for name, t in pairs {{ http = http, json = json, cjson = cjson, decimal = decimal, ids = ids,
      address = address, names = names, match = match, time = time, text = text, crypto = crypto,
      links = links, log = log, stock = stock, string = string, table = table, math = math,
      utf8 = utf8 }} do
    local _, behind = pairs(t)
    for _, known in ipairs {{ t, behind }} do
      if pcall(function() known.mine = 1 end) or pcall(rawset, known, "mine", 1) then
        error(name .. " was changed")
      end
    end
  end
end }}
"""


class Limits(Case):
    def start(self, limits, *args):
        w = self.world
        w.env["STOCK_URL"] = "http://127.0.0.1:1"
        w.add_company("small", COMPANY.format(limits=limits))
        w.start_host("--retry-base", "1ms", "--retry-attempts", "1", *args)

    def run_of(self, kind):
        w = self.world
        before = {r["id"] for r in w.runs()}
        self.assertEqual(w.deliver({"type": kind}, company="small", connection="shop",
                                   sign=False)[0], 202)

        def look():
            new = [r for r in w.runs() if r["id"] not in before]
            return new[0] if new and new[0]["state"] in ("done", "failed", "attention") else None
        return wait_until(look, f"the run {kind} to end")

    def expect(self, kind, words):
        run = self.run_of(kind)
        self.assertEqual(run["state"], "failed", run)
        self.assertIn("limit hit", run["reason"])
        self.assertIn(words, run["reason"])

    def test_a_company_lowers_its_limits(self):
        self.start('limits = { memory = "2m", burst = "100ms", cpu = "400ms", steps = 20, '
                   'log = "5k", sent = "50k", running = 2 }')
        self.expect("memory", "more than 2 MiB")
        with self.subTest("loop"):
            if "tsan" in os.path.basename(BUILD):
                # Its runtime puts signals off until a call of the system, and a loop makes none.
                self.assertIn("computes without end", self.run_of("loop")["reason"])
                self.skipTest("under TSan no tick ends a loop inside of Lua; the host ended its process")
            self.expect("loop", "100 ms")
        self.expect("steps", "20 steps")
        self.expect("sent", "51200 bytes of request bodies in one run (limits.sent")
        self.assertEqual(self.run_of("log")["state"], "done")
        self.assertEqual(self.run_of("fine")["state"], "done")
        self.assertEqual(self.run_of("all")["state"], "done")  # changes nothing that others use

    def test_the_hosts_limits_hold_for_all(self):
        self.start('limits = { memory = "1g", cpu = "1h", sent = "1g" }', "--memory", "4m", "--cpu",
                   "300ms", "--max-sent", "50k", "--max-steps", "100000")
        self.expect("memory", "more than 4 MiB")
        self.expect("drip", "300 ms in all")
        self.expect("sent", "51200 bytes of request bodies in one run (--max-sent")
        self.assertEqual(self.run_of("fine")["state"], "done")

    def test_what_is_no_limit_is_said(self):
        self.world.add_company("small", "")
        for text, words in (('limits = { memory = "much" }', 'memory is "much"'),
                            ("limits = { memry = 1 }", 'did you mean "memory"?'),
                            ("limits = { steps = 0 }", "steps is 1 or more"),
                            ('limits = { burst = 5 }', "burst is a number"),
                            ('limits = "none"', "limits")):
            with open(self.world.companies + "/small/company.lua", "w") as f:
                f.write(COMPANY.format(limits=text))
            done = self.world.sauma("check", self.world.companies + "/small", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("company.lua:1", done.stderr.decode())
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    main()
