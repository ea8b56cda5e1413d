"""A TLS front of the sandbox with certificates as they should be, or not, and an eye on whether a
single byte of a request came through."""
import os
import socket
import ssl
import subprocess
import tempfile
import threading

KINDS = ("good", "unknown-ca", "expired", "wrong-host")


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make_certificates(folder):
    """ca.pem, and for each kind KIND.pem with certificate and key."""
    for ca in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", f"/CN=torture {ca}", "-keyout", f"{ca}.key", "-out",
                f"{ca}.pem", cwd=folder)
    for kind in KINDS:
        host = "other.example" if kind == "wrong-host" else "localhost"
        with open(os.path.join(folder, "names"), "w") as f:
            f.write(f"subjectAltName=DNS:{host}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={host}", "-keyout", f"{kind}.key", "-out", f"{kind}.csr", cwd=folder)
        ca = "other" if kind == "unknown-ca" else "ca"
        openssl("x509", "-req", "-in", f"{kind}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
                "-CAcreateserial", "-days", "-1" if kind == "expired" else "2", "-extfile", "names",
                "-out", f"{kind}.crt", cwd=folder)
        with open(os.path.join(folder, f"{kind}.pem"), "wb") as out:
            for part in (".crt", ".key"):
                with open(os.path.join(folder, kind + part), "rb") as f:
                    out.write(f.read())
    return folder


class Certificates:
    """Made once a process."""
    lock, folder = threading.Lock(), None

    @classmethod
    def get(cls):
        with cls.lock:
            if not cls.folder:
                cls.keep = tempfile.TemporaryDirectory(prefix="sauma-tls-")
                cls.folder = make_certificates(cls.keep.name)
            return cls.folder


class Front:
    """Listens on a port and passes what comes over TLS on to the sandbox. kind may be changed:
    one of KINDS, "plain" (an HTTP server where TLS is expected) or "hangup" (in the handshake)."""

    def __init__(self, target, kind):
        self.target, self.kind = target.rsplit(":", 1), kind
        self.plain_bytes = self.connections = 0
        self.s = socket.create_server(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                c, _ = self.s.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        self.connections += 1
        try:
            if self.kind == "hangup":
                c.recv(100)
                return
            if self.kind == "plain":
                c.settimeout(2)
                head = c.recv(4096)
                self.plain_bytes += 0 if head[:1] == b"\x16" else len(head)  # a TLS handshake
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                return
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(Certificates.get(), f"{self.kind}.pem"))
            with context.wrap_socket(c, server_side=True) as tls:
                self.pump(tls)
        except OSError:
            pass
        finally:
            c.close()

    def pump(self, tls):
        with socket.create_connection(self.target) as out:
            def back():
                try:
                    while piece := out.recv(65536):
                        tls.sendall(piece)
                    tls.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            while piece := tls.recv(65536):
                self.plain_bytes += len(piece)
                out.sendall(piece)
            out.shutdown(socket.SHUT_WR)
            thread.join(5)

    def close(self):
        self.s.close()
