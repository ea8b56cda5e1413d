"""A real authorization server (oidc-provider, see tests/node/provider.js) and a person with a
browser who allows everything."""
import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from harness import ROOT, wait_until

MODULES = os.path.join(ROOT, "build", "node", "node_modules")


class Provider:
    """Redirects may go to any port of this machine: its clients are native ones (RFC 8252 7.3)."""

    def __init__(self, **env):
        self.dir = tempfile.mkdtemp(prefix="sauma-provider-")
        self.out = os.path.join(self.dir, "log")
        self.p = subprocess.Popen(
            ["node", os.path.join(ROOT, "tests", "node", "provider.js")], stdin=subprocess.DEVNULL,
            stdout=open(self.out, "wb"), stderr=subprocess.STDOUT,
            env=dict(os.environ, PROVIDER=os.path.join(MODULES, "oidc-provider", "lib", "index.js"), **env))
        self.issuer = wait_until(lambda: self.find(r'{"issuer":"([^"]+)"}'), "the provider")
        self.api = self.issuer + "/api"

    def find(self, pattern):
        if self.p.poll() is not None:
            raise AssertionError(f"the provider ended:\n{self.text()}")
        found = re.search(pattern, self.text())
        return found and found.group(1)

    def text(self):
        with open(self.out, errors="replace") as f:
            return f.read()

    def ask(self, path, **query):
        url = f"{self.issuer}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=60) as r:
            return json.loads(r.read())

    def counts(self):
        """Requests by grant, and answers of the API, since the last `fresh`."""
        return self.ask("/_counts")

    def fresh(self):
        self.ask("/_fresh")

    def close(self):
        self.p.kill()
        self.p.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Stop(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not to where `stop` says."""
    stop = None

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if self.stop and newurl.startswith(self.stop):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def browse(url, stop=None):
    """Opens the address as a browser does: (status, text, the last address or where it was sent)."""
    handler = Stop()
    handler.stop = stop
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(handler, jar)
    try:
        with opener.open(url, timeout=60) as r:
            return r.status, r.read().decode(), r.geturl()
    except urllib.error.HTTPError as e:
        where = e.headers.get("Location") or e.geturl()
        return e.code, e.read().decode(), where


def allow_device(page, code):
    """What a person does at the verification page of RFC 8628."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(jar)

    def form(text):
        action = re.search(r'action="([^"]+)"', text).group(1)
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', text))
        return urllib.parse.urljoin(page, action), fields

    text = opener.open(page, timeout=60).read().decode()
    for _ in range(4):
        if "<form" not in text:
            return text
        action, fields = form(text)
        fields.pop("abort", None)
        if "user_code" in text and "confirm" not in fields:
            fields["user_code"] = code
        data = urllib.parse.urlencode(fields).encode()
        text = opener.open(action, data, timeout=60).read().decode()
    return text
