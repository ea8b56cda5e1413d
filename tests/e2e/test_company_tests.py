"""`sauma test` with tests that fail, loop, use up memory or do not load: the others are run."""
import json
import os

from harness import Case, main

COMPANY = """company "Test Oy" {}
connect "webhook" { as = "shop", secret = secret "shop", event = "type", id = "id" }
rule "Loop" { on = "shop.loop", run = function() while true do end end }
rule "Pattern" { on = "shop.pattern", run = function()
  return (("a"):rep(40000)):find(("a?"):rep(30) .. ("a"):rep(30) .. "b") end }
rule "Fine" { on = "shop.fine", run = function() return { n = 1 } end }
"""
TESTS = """test("before", function() expect(deliver("shop", { type = "fine" }).state).is "done" end)
test("loops", function() deliver("shop", { type = "fine" }) while true do end end)
test("eats memory", function() local s = "x" while true do s = s .. s end end)
test("hides in pcall", function() while true do pcall(function() while true do end end) end end)
test("raises a table", function() error({ code = 1 }) end)
test("expects wrongly", function() expect(1).is(2) end)
test("its rule loops", function()
  expect(deliver("shop", { type = "loop" }).state).is "failed"
end)
test("its rule hangs in a pattern", function()
  expect(deliver("shop", { type = "pattern" }).state).is "failed"
end)
test("after", function() expect(deliver("shop", { type = "fine" }).state).is "done" end)
"""


class CompanyTests(Case):
    def outcome_of(self, files, *args):
        self.world.add_company("it", COMPANY, files=files)
        folder = os.path.join(self.world.companies, "it")
        done = self.world.sauma("test", folder, "--burst", "300ms", *args, check=False)
        return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()

    def test_each_test_stands_alone(self):
        code, lines, _ = self.outcome_of({"tests/all_test.lua": TESTS}, "--json")
        self.assertEqual(code, 1)
        results = {r["test"]: r for r in map(json.loads, lines[:-1])}
        self.assertEqual(list(results)[0], "before")
        self.assertEqual(list(results)[-1], "after")
        self.assertEqual([n for n, r in results.items() if r["ok"]],
                         ["before", "its rule loops", "after"])
        self.assertIn("endless loop", results["loops"]["message"])
        self.assertEqual(results["loops"]["where"], "tests/all_test.lua:2")
        self.assertIn("64 MiB", results["eats memory"]["message"])
        self.assertIn("tests/all_test.lua:6", results["expects wrongly"]["message"])
        self.assertIn("computes without end", results["its rule hangs in a pattern"]["message"])
        self.assertEqual(lines[-1], "3 passed, 6 failed")

    def test_a_file_that_does_not_load_fails_and_the_others_are_run(self):
        code, lines, _ = self.outcome_of({
            "tests/a_test.lua": "test(\"x\", function() end\n",
            "tests/b_test.lua": "test(\"fine\", function() expect(1).is(1) end)\n"})
        self.assertEqual(code, 1)
        self.assertTrue(any("tests/a_test.lua:" in line for line in lines), lines)
        self.assertEqual(lines[-1], "1 passed, 1 failed")

    def test_a_file_that_loops_while_it_is_loaded_is_named(self):
        code, lines, errors = self.outcome_of({"tests/a_test.lua": "\nwhile true do end\n"})
        self.assertEqual(code, 1)
        self.assertIn("tests/a_test.lua:2: the script computed", errors)
        self.assertEqual(lines[-1], "0 passed, 1 failed")

    def test_a_connection_s_rate_is_not_kept_against_sandboxes(self):
        company = COMPANY + '''
connect "slack" { url = secret "slack", rate = 0.001 }
rule "Tell" { on = "shop.tell", run = function()
  for i = 1, 3 do notify("slack", "line " .. i) end
end }
'''
        self.world.add_company("it", company, files={"tests/a_test.lua": '''
test("three lines", function()
  local slack = sandbox "slack"
  expect(deliver("shop", { type = "tell" }).state).is "done"
  expect(slack.messages).count(3)
end)
'''})
        done = self.world.sauma("test", os.path.join(self.world.companies, "it"))
        self.assertEqual(done.stdout.decode().splitlines()[-1], "1 passed, 0 failed")

    def test_no_tests_is_not_a_success(self):
        code, lines, errors = self.outcome_of({})
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed"))
        self.assertIn("tests/NAME_test.lua", errors)


if __name__ == "__main__":
    main()
