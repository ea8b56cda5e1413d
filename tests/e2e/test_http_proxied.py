"""Requests out through a proxy: of HTTP, with a tunnel or without, and of SOCKS."""
import base64
import os
import select
import socket
import ssl
import threading

from harness import main, wait_until
from ways import WaysCase


class Peer(threading.Thread):
    """Serves each connection of its listener in a thread of its own."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def stop(self):
        """Closing alone leaves the thread in its accept, which, begun again by the kernel, takes the
        connections of whatever listener has that descriptor's number by then."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listener.close()


class Proxy(Peer):
    """A small HTTP proxy: CONNECT, and absolute requests answered by itself. context: of TLS to it."""

    def __init__(self, context=None):
        self.refuse = None  # a status line, instead of what it is for
        self.context, self.heads = context, []
        super().__init__()

    def serve(self, client):
        if self.context:
            try:
                client = self.context.wrap_socket(client, server_side=True)
            except OSError:
                return client.close()
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head.decode("latin-1"))
            method, target, _ = self.heads[-1].split("\r\n")[0].split(" ")
            if self.refuse:
                client.sendall(f"HTTP/1.1 {self.refuse}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                               b"Content-Type: text/plain\r\nConnection: close\r\n\r\nvia")
                return
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n")
                while True:
                    for s in select.select([client, server], [], [])[0]:
                        data = s.recv(65536)
                        if not data:
                            return
                        (server if s is client else client).sendall(data)


class Socks(Peer):
    """A SOCKS5 proxy (RFC 1928, 1929): wants me:pass, and answers `reply` to what it is asked."""

    def __init__(self):
        self.reply, self.asked = 0, []
        super().__init__()

    def serve(self, client):
        with client:
            stream = client.makefile("rwb", buffering=0)
            stream.read(stream.read(2)[1])
            stream.write(b"\x05\x02")
            user = stream.read(stream.read(2)[1])
            password = stream.read(stream.read(1)[0])
            good = (user, password) == (b"me", b"pass")
            stream.write(b"\x01" + bytes([not good]))
            if not good:
                return
            stream.read(4)  # a name, for socks5h
            name = stream.read(stream.read(1)[0])
            port = int.from_bytes(stream.read(2), "big")
            self.asked.append((name.decode(), port))
            stream.write(b"\x05" + bytes([self.reply]) + b"\x00\x01\x7f\x00\x00\x01\x00\x50")
            if self.reply:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n"
                           b"Connection: close\r\n\r\nsocks")


class Proxied(WaysCase):
    def setUp(self):
        super().setUp()
        self.proxy = Proxy()
        self.addCleanup(self.proxy.stop)
        self.world.env["PROXY_URL"] = f"http://me:pass@127.0.0.1:{self.proxy.port}"

    def test_a_proxy(self):
        self.start("--ca-file", self.nginx())
        self.assertEqual(self.ask("through", "/x")["body"], "via")
        head = self.proxy.heads[0]
        self.assertTrue(head.startswith("GET http://unknown.invalid/x HTTP/1.1\r\n"), head)
        self.assertIn("Proxy-Authorization: Basic " + base64.b64encode(b"me:pass").decode(), head)
        self.assertEqual(self.ask("tunnel")["body"]["protocol"], "HTTP/2.0")
        wait_until(lambda: len(self.proxy.heads) > 1, f"the proxy to be asked: {self.run_shown}", 5)
        self.assertTrue(self.proxy.heads[1].startswith(f"CONNECT 127.0.0.1:{self.tls} HTTP/1.1\r\n"))
        self.assertEqual(self.run_shown["steps"][0]["answer"]["headers"].get("x-proxy"), None)

    def test_a_proxy_that_refuses(self):
        self.start()
        self.proxy.refuse = "407 Proxy Authentication Required"
        for kind in ("get", "post"):
            self.assertIn("its proxy does not take our credentials",
                          self.ask("tunnel", kind=kind)["problem"])
        self.assertEqual(len(self.proxy.heads), 2)  # definite: asked once each
        # It answers for the other side where nothing is tunnelled; nothing was passed on.
        self.assertIn("407", str(self.ask("through")))
        self.proxy.refuse = "403 Forbidden"
        self.assertIn("its proxy does not let us through", self.ask("tunnel", kind="post")["problem"])
        self.proxy.refuse = "502 Bad Gateway"
        before = len(self.proxy.heads)
        self.assertIn("its proxy has no way there now", str(self.ask("tunnel", kind="post")))
        self.assertEqual(len(self.proxy.heads) - before, 2)  # nothing was sent: tried again

    def test_a_proxy_by_tls(self):
        """Its certificate is to be trusted as any other's, and it hears nothing before that."""
        w, ca = self.world, self.nginx()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(os.path.join(w.dir, name) for name in ("srv.pem", "srv.key")))
        proxy = Proxy(context)
        self.addCleanup(proxy.stop)
        w.env["PROXY_URL"] = f"https://me:pass@127.0.0.1:{proxy.port}"
        self.start()
        for name in ("through", "tunnel"):
            self.assertRegex(self.ask(name), r": the certificate of its proxy is not trusted .*--ca-file names")
        self.assertEqual(proxy.heads, [])
        w.host.stop()
        self.start("--ca-file", ca)
        self.assertEqual(self.ask("through", "/x")["body"], "via")
        self.assertEqual(self.ask("tunnel")["body"]["protocol"], "HTTP/2.0")
        self.assertEqual([h.split(" ")[0] for h in proxy.heads], ["GET", "CONNECT"])
        # Behind a proxy that is trusted it is the other side that is not.
        w.host.stop()
        w.env["PROXY_URL"] = f"http://me:pass@127.0.0.1:{self.proxy.port}"
        self.start()
        self.assertIn(": its certificate is not trusted", self.ask("tunnel"))

    def test_what_is_no_address_of_a_proxy_is_quoted_nowhere(self):
        w = self.world
        for n, address in enumerate(("http://me:pa#ss-canary@127.0.0.1:3128", "http://me:pa/ss-canary@127.0.0.1",
                                     "http://me:ss-canary@127.0.0.1:99999", "socks4://me:ss-canary@127.0.0.1",
                                     "ftp://me:ss-canary@127.0.0.1", "me:ss-canary@127.0.0.1:3128",
                                     "http://me:ss-canary@127.0.0.1:3128/x?y")):
            w.env["PROXY_URL"] = address
            self.start()
            self.assertIn("proxy of connection through is no address of a proxy", self.ask("through"))
            shown = w.sauma("show", self.run_shown["id"], "--json", "--data", w.data).stdout.decode()
            w.host.stop()
            self.assertNotIn("canary", shown + w.host.text() + w.host.errors(), n)

    def test_a_socks_proxy(self):
        socks, w = Socks(), self.world
        self.addCleanup(socks.stop)
        w.env["PROXY_URL"] = f"socks5h://me:pass@127.0.0.1:{socks.port}"
        self.start()
        self.assertEqual(self.ask("through", "/x")["body"], "socks")
        self.assertEqual(socks.asked, [("unknown.invalid", 80)])  # names are its to resolve
        socks.reply = 2
        self.assertIn("its proxy does not let us through",
                      self.ask("through", kind="post")["problem"])
        self.assertEqual(len(socks.asked), 2)
        socks.reply = 4
        self.assertIn("its proxy has no way there now", str(self.ask("through", kind="post")))
        self.assertEqual(len(socks.asked), 4)
        w.host.stop()
        w.env["PROXY_URL"] = f"socks5h://me:wrong@127.0.0.1:{socks.port}"
        self.start()
        self.assertIn("its proxy does not take our credentials", self.ask("through")["problem"])
        self.assertEqual(len(socks.asked), 4)


if __name__ == "__main__":
    main()
