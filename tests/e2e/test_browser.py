"""The world of `make demo-web`, and a person in a real browser at each of its pages; the button of a
CRM, from outside."""
import json
import os
import signal
import subprocess

from harness import PATIENCE, ROOT, SAUMA, Case, free_ports, main, request, wait_until

NODE = os.path.join(ROOT, "build", "node", "node_modules")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


class Browser(Case):
    def start(self, first, folder):
        out = open(os.path.join(self.world.dir, f"demo-{first}.out"), "wb")
        self.p = subprocess.Popen([f"{ROOT}/examples/demo-web.sh", SAUMA, folder], stdout=out,
                                  stderr=out, stdin=subprocess.DEVNULL, cwd=self.world.dir,
                                  env=dict(self.world.env, SAUMA_DEMO_SANDBOX=f"127.0.0.1:{first}",
                                           SAUMA_DEMO_HOST=f"127.0.0.1:{first + 2}"))

        def settled():
            with open(out.name, errors="replace") as f:
                text = f.read()
            return text if "Ctrl-C ends it" in text or self.p.poll() is not None else None
        return wait_until(settled, "the demo")

    def demo(self):
        """Starts the demo; returns the addresses of sandboxes and host, and its data folder."""
        self.addCleanup(self.stop)
        for _ in range(5):
            first = free_ports()
            folder = os.path.join(self.world.dir, f"demo-{first}")
            said = self.start(first, folder)
            if self.p.poll() is None:
                return f"127.0.0.1:{first}", f"127.0.0.1:{first + 2}", os.path.join(folder, "data")
            self.assertIn("in use", said)  # somebody else took a port meanwhile
        self.fail("no ports can be had")

    def stop(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
        self.p.wait(timeout=PATIENCE)

    def test_a_person_at_each_page(self):
        sandbox, _, _ = self.demo()
        done = subprocess.run(["node", f"{ROOT}/tests/node/pages.js", f"http://{sandbox}"],
                              env=dict(os.environ, NODE_MODULES=NODE, CHROMIUM=CHROMIUM),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=4 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertEqual(done.stdout.decode().count("ok "), 12, done.stdout.decode())

    def test_a_button_sends_what_is_held_and_nothing_else(self):
        sandbox, host, data = self.demo()

        def button(body, token="demo-crm-button", path="world/crm", method="POST"):
            status, _, raw = request(host, method, f"/api/v1/send/{path}", json.dumps(body).encode(),
                                     {"Authorization": f"Bearer {token}"})
            return status, json.loads(raw)

        self.assertEqual(button({"id": "D-881"})[0], 404)  # nothing came of it yet
        request(sandbox, "POST", "/crm/do/stage", b"deal=D-881&status=won",
                {"Content-Type": "application/x-www-form-urlencoded"})

        def runs():
            out = self.world.sauma("runs", "--data", data, "--json").stdout.decode()
            return {r["rule"]: r for r in map(json.loads, out.splitlines())}
        wait_until(lambda: runs().get("deal_to_invoice", {}).get("state") == "held", "a held run")
        for wrong in (("", "world/crm"), ("demo-crm", "world/crm"), ("demo-crm-button", "world/hubspot"),
                      ("demo-crm-button", "other/crm"), ("demo-crm-button", "world/none")):
            self.assertEqual(button({"id": "D-881"}, *wrong)[0], 401, wrong)
        self.assertEqual(button({}, method="GET")[0], 405)
        self.assertEqual(button({})[0], 400)
        self.assertEqual(button([1])[0], 400)
        # The token of a button opens nothing else.
        run = runs()["deal_to_invoice"]["id"]
        for method, path in (("GET", "runs"), ("POST", f"runs/{run}/skip")):
            self.assertEqual(request(host, method, f"/api/v1/{path}", b"{}",
                                     {"Authorization": "Bearer demo-crm-button"})[0], 401)
        self.assertEqual(runs()["deal_to_invoice"]["state"], "held")
        status, answer = button({"id": "D-881", "by": "mira@yritys.example"})
        self.assertEqual((status, answer["run"]), (202, run))
        wait_until(lambda: runs()["deal_to_invoice"]["state"] == "done", "the run")
        status, answer = button({"id": "D-881"})
        self.assertEqual((status, answer["run"], answer["state"]), (200, run, "done"))
        acts = self.world.sauma("acts", "--data", data, "--json").stdout.decode().splitlines()
        self.assertEqual([json.loads(a)["by"] for a in acts], ["mira@yritys.example (button of crm)"])


if __name__ == "__main__":
    main()
