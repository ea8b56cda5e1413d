"""The host as a service: a manager that holds its socket and hears how it is, and which user it runs as."""
import os
import socket
import sys
import threading

from harness import Case, main, wait_until

COMPANY = """company "Acme" {}
connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
rule "r" { on = "shop.x", run = function() return 1 end }
"""
# What systemd does between fork and exec.
HAND_OVER = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
             "os.environ['WATCHDOG_PID'] = str(os.getpid()); os.execv(sys.argv[2], sys.argv[2:])")


class Service(Case):
    def setUp(self):
        super().setUp()
        self.world.add_company("acme", COMPANY)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        path = os.path.join(self.world.dir, "notify")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(path)
        self.manager.settimeout(60)
        self.env = {"LISTEN_FDS": "1", "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "100000"}

    def start(self, *args, **env):
        w, fd = self.world, self.listener.fileno()
        return w.start("host", ["serve", "--companies", w.companies, "--data", w.data, *args],
                       dict(self.env, **env), [sys.executable, "-c", HAND_OVER, str(fd)], [fd])

    def hears(self, *wanted):
        return [wait_until(lambda: (got := self.manager.recv(100).decode()) == word and got, word)
                for word in wanted]

    def test_its_socket_is_given_and_keeps_deliveries_while_it_is_away(self):
        w = self.world
        host = self.start("--listen", "0.0.0.0:1")  # which does not count then
        self.hears("READY=1", "WATCHDOG=1", "WATCHDOG=1")
        w.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.assertIn(f"listening on http://{w.address},", host.text())
        self.assertEqual(w.deliver({"type": "x", "id": "1"}, "acme", "shop", sign=False)[0], 202)
        for child in host.children():
            with open(f"/proc/{child}/environ") as f:
                self.assertNotIn("NOTIFY_SOCKET", f.read())
        self.assertEqual(host.stop(), 0)
        self.hears("STOPPING=1")
        got = []
        waiting = threading.Thread(target=lambda: got.append(
            w.deliver({"type": "x", "id": "2"}, "acme", "shop", sign=False)[0]))
        waiting.start()
        self.start()
        waiting.join()
        self.assertEqual(got, [202])
        w.settled(2)

    def test_sockets_that_are_no_use_are_refused(self):
        for env, what in (({"LISTEN_FDS": "2"}, "2 socket"), ({"LISTEN_FDS": "1"}, "1 socket")):
            if env["LISTEN_FDS"] == "1":
                self.listener = self.manager  # not one that listens on TCP
            host = self.start(**env)
            self.assertEqual(host.p.wait(60), 2)
            self.assertIn(what, host.errors())
            self.assertIn("ListenStream=", host.errors())

    def test_as_root_it_is_for_this_machine_alone(self):
        if os.geteuid() != 0:
            self.skipTest("this is not root")
        w = self.world
        del w.env["SAUMA_ALLOW_ROOT"]
        serve = ["serve", "--companies", w.companies, "--data", w.data, "--listen"]
        for args in (["0.0.0.0:0", "--insecure"], ["127.0.0.1:0", "--trusted-proxy", "10.0.0.0/8"]):
            done = w.sauma(*serve, *args, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--allow-root", done.stderr)
            host = w.start("host", [*serve, *args, "--allow-root"])
            host.line("listening on")
            host.stop()
        w.start_host()
        self.assertIn("it runs as root", w.host.errors())


if __name__ == "__main__":
    main()
