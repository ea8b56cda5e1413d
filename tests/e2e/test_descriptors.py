"""A host whose limit of open files is low still does its work under many idle connections."""
import socket

from harness import Case, fixture, main


class Descriptors(Case):
    def host_under(self, limits, connections, patience):
        """A host with these limits and so many idle connections, which it bears so long."""
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.minimal()
        host = w.start_host("--header-timeout", patience, "--idle-timeout", patience,
                            under=["prlimit", f"--nofile={limits}"])
        address, port = w.address.rsplit(":", 1)
        for _ in range(connections):
            idle = socket.create_connection((address, int(port)))
            self.addCleanup(idle.close)
        return host

    def assert_invoice(self):
        w = self.world
        self.assertEqual(w.deliver(fixture())[0], 202)
        self.assertEqual(w.settled(1)[0]["state"], "done")
        self.assertEqual(len(w.invoices()), 1)

    def test_soft_limit_is_raised(self):
        self.host_under("200:1000", 400, "10m")
        self.assert_invoice()

    def test_connections_leave_room_for_the_work(self):
        # Connections wait to be accepted until the idle ones are closed by the host.
        host = self.host_under("200:200", 150, "2s")
        self.assertIn("fewer connections at once", host.errors())
        self.assert_invoice()


if __name__ == "__main__":
    main()
