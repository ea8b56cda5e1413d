"""What `make install` puts in place works by itself, from another folder, for a company that is
outside the checkout; and a program without its Lua files says what is missing."""
import os
import re
import shutil
import subprocess
import sys

from harness import BUILD, ROOT, Case, main, request


class Installed(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        self.root = os.path.join(w.dir, "root")
        shutil.copytree(os.path.join(ROOT, "examples", "minimal"), os.path.join(w.dir, "acme"))
        os.makedirs(os.path.join(self.root, "usr", "bin"))
        self.sauma = os.path.join(self.root, "usr", "bin", "sauma")

    def install(self):
        """As `make install` does, of the program that is under test."""
        subprocess.run(["make", "--no-print-directory", "-C", ROOT, "-o", "sauma", "install",
                        f"B={BUILD}", f"DESTDIR={self.root}", "PREFIX=/usr"], check=True,
                       stdout=subprocess.DEVNULL)

    def call(self, *args):
        env = {k: v for k, v in self.world.env.items() if k != "SAUMA_HOME"}
        return subprocess.run([self.sauma, *args], env=env, cwd=self.world.dir,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_installed_program_checks_and_tests_a_company(self):
        self.install()
        check = self.call("check", "acme")
        self.assertEqual(check.returncode, 0, check.stdout)
        made = self.call("new", "other", "--from", "shop")
        self.assertEqual(made.returncode, 0, made.stdout)
        self.assertIn("# What a rule may say", self.call("help", "rules").stdout)
        self.assertEqual(self.call("check", "other").returncode, 0)
        test = self.call("test", "acme")
        self.assertEqual(test.returncode, 0, test.stdout)
        self.assertRegex(test.stdout, r"(?m)^[1-9]\d* passed, 0 failed$")

    def test_program_without_its_lua_files_says_so(self):
        shutil.copy(os.path.join(BUILD, "sauma"), self.sauma)
        for command in ("check", "test"):
            done = self.call(command, "acme")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("lua/ and rules/ is not found: set SAUMA_HOME", done.stdout)

    def test_the_unit_of_the_operators_topic_fits_the_program(self):
        with open(os.path.join(ROOT, "host", "help", "operate.md")) as f:
            text = f.read()
        config = re.search(r"```\n(.*?)```", text, re.S).group(1)
        unit = re.search(r"```ini\n(.*?)```", text, re.S).group(1)
        w = self.world
        for was, now in (("/etc/sauma/companies", w.companies), ("/var/lib/sauma/data", w.data),
                         ("127.0.0.1:8700", "127.0.0.1:0")):
            self.assertIn(was, config)
            config = config.replace(was, now)
        path = os.path.join(w.dir, "sauma.conf")
        with open(path, "w") as f:
            f.write(config)
        command = re.search(r"ExecStart=/usr/local/bin/sauma (.*)", unit).group(1)
        host = w.start("host", command.replace("/etc/sauma/sauma.conf", path).split())
        address = host.line(r"listening on http://(\S+?),").group(1)
        self.assertEqual(request(address, "GET", "/readyz")[0], 200)
        self.assertEqual(w.sauma("attention", "--config", path).returncode, 0)
        self.assertEqual(host.stop(), 0)

    def unit(self):
        """The unit's text; a test that needs systemd's own tool for it is skipped without."""
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        with open(os.path.join(ROOT, "host", "help", "operate.md")) as f:
            return re.search(r"```ini\n(.*?)```", f.read(), re.S).group(1)

    def test_the_unit_leaves_little_to_whoever_breaks_in(self):
        path = os.path.join(self.world.dir, "sauma.service")
        with open(path, "w") as f:
            f.write(self.unit())
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_host_works_under_the_units_filter_of_system_calls(self):
        lines = re.findall(r"(?m)^SystemCallFilter=(.*)$", self.unit())
        w = self.world
        w.add_company("acme", """company "Acme" {}
            connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
            rule "r" { on = "shop.x", run = function() return 1 end }""")
        # The sanitizer looks for leaks by ptrace, which the filter is there to refuse.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        w.start_host(under=[sys.executable, os.path.join(ROOT, "tests", "e2e", "unit_filter.py"), *lines],
                     env={"ASAN_OPTIONS": options.lstrip(":")})
        w.deliver({"type": "x", "id": "1"}, "acme", "shop", sign=False)
        self.assertEqual(w.settled(1)[0]["state"], "done")
        backup = os.path.join(w.dir, "backup.db")
        self.assertEqual(w.sauma("backup", backup, "--data", w.data).returncode, 0)
        self.assertEqual(w.host.stop(), 0)


if __name__ == "__main__":
    main()
