"""C1 of schedules and waits: the clock on the wall is set, by an hour, a day or years, forwards and back, while the host
runs and between two of its lives; summer time begins and ends; and no event of a schedule comes
twice or not at all, no wait lasts longer than it should, nothing turns in circles, tokens are renewed
when in doubt. The monotonic clock stays what it is, as it does when a clock is set."""
import http.server
import json
import os
import signal
import socket
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from faked import Clock  # noqa: E402
from harness import World, wait_until  # noqa: E402

NAME, DOES = "C1S", "the wall clock is set, forwards and back, and the calendar has its days"
PER_CASE, JOBS = 1, 2

HEAD = 'company "Acme" { language = "fi", time_zone = "Europe/Helsinki" }\n'
NIGHTLY = ('schedule "nightly" { at = "30 3 * * *", missed = "all", '
           'run = function(due) return due.date .. "T" .. due.time end }\n')
SLEEPER = ('connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }\n'
           'rule "Sleep" { on = "shop", run = function(e) time.sleep(e.seconds) return "awake" end }\n')


MADE = threading.local()  # the ground of this thread's scenario, to be closed


class Broken(AssertionError):
    pass


def check(truth, text, *args):
    if not truth:
        raise Broken(text % args if args else text)


class Ground:
    """A world with one company and a clock that can be set."""

    def __init__(self, at, source, settings=()):
        self.w, self.settings = World(), settings
        self.w.add_company("acme", source=HEAD + source)
        self.clock = Clock(self.w, at)
        MADE.ground = self

    def start(self, **env):
        return self.w.start_host(*self.settings, env={**self.clock.env, **env})

    def restart(self):
        self.w.host.stop(signal.SIGKILL)
        self.start()

    def came(self, rule="nightly"):
        """What its runs returned, oldest first; each event has one run."""
        runs = [r for r in reversed(self.w.runs(rule=rule)) if r["state"] == "done"]
        check(len({r["event"] for r in runs}) == len(runs), "an event was run twice: %s", runs)
        return [r["result"] for r in runs]

    def wait(self, wanted, rule="nightly"):
        wait_until(lambda: len(self.came(rule)) >= len(wanted), f"{wanted}, came {self.came(rule)}")
        self.exactly(wanted, rule)

    def exactly(self, wanted, rule="nightly"):
        """These and no others, also when it is looked at twice."""
        self.looks(2)
        check(self.came(rule) == list(wanted), "%s came, not %s", self.came(rule), wanted)

    def looks(self, n):
        """The host has looked at its clock n times since: a schedule that comes each second by it
        would tell, but a pause is simpler; it looks every five seconds at the latest."""
        time.sleep(0.1 + 5.1 * n if n > 2 else 5.5)

    def sleep(self, seconds, name="d1"):
        status, answer = self.w.deliver({"type": "x", "id": name, "seconds": seconds},
                                        company="acme", connection="shop", sign=False)
        check(status == 202, "%s", answer)
        wait_until(lambda: [r for r in self.w.runs(rule="Sleep") if r["state"] == "waiting"],
                   "the rule to sleep")

    def idle(self):
        """Processor time of the host and its script processes in two seconds."""
        pids = [self.w.host.p.pid, *self.w.host.children()]

        def ticks():
            total = 0
            for pid in pids:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
            return total
        before = ticks()
        time.sleep(2)
        return (ticks() - before) / os.sysconf("SC_CLK_TCK")


# ---- schedules ----

def set_while_it_runs(by):
    """The clock is set by so much between two nights; then the next night comes."""
    def scenario():
        g = Ground("2026-11-25T01:29:56Z", NIGHTLY)
        g.start()
        g.wait(["2026-11-25T03:30"])
        g.clock.move(by)
        # A whole day: the next night is over then, and was missed. Back: this one comes no second time.
        wanted = ["2026-11-25T03:30"] + (["2026-11-26T03:30"] if by >= 86400 else [])
        g.wait(wanted)
        g.clock.set("2026-11-26T01:29:56Z")
        if by < 0 or by < 86400:
            wanted.append("2026-11-26T03:30")
        g.wait(wanted)
        g.clock.set("2026-11-27T01:29:56Z")
        g.wait(wanted + ["2026-11-27T03:30"])
    return scenario


def set_while_it_is_down(by):
    def scenario():
        g = Ground("2026-11-25T01:29:56Z", NIGHTLY)
        g.start()
        g.wait(["2026-11-25T03:30"])
        g.w.host.stop(signal.SIGKILL)
        g.clock.move(by)
        g.start()
        wanted = ["2026-11-25T03:30"] + (["2026-11-26T03:30"] if by >= 86400 else [])
        g.wait(wanted)
        g.w.host.stop(signal.SIGKILL)
        g.clock.set("2026-11-26T01:29:56Z")
        g.start()
        g.wait(["2026-11-25T03:30", "2026-11-26T03:30"])
    return scenario


def there_and_back(by):
    """Set, and put right again a moment later: as if nothing had been."""
    def scenario():
        g = Ground("2026-11-25T00:00:00Z", NIGHTLY)
        g.start()
        g.looks(1)
        g.clock.move(by)
        g.looks(1)
        g.clock.set("2026-11-25T00:01:00Z")
        g.looks(1)
        g.restart()
        g.clock.set("2026-11-25T01:29:56Z")
        g.wait(["2026-11-25T03:30"])
    return scenario


def calendar(at, zone, before, after, wanted):
    """One time of a schedule around a day with something about it."""
    def scenario():
        g = Ground(before, f'schedule "nightly" {{ at = "{at}", time_zone = "{zone}", missed = "all", '
                           'run = function(due) return due.at end }\n')
        g.start()
        g.looks(1)
        g.clock.set(after)
        g.wait(wanted)
        g.restart()
        g.exactly(wanted)
    return scenario


def minutes_of_a_set_clock():
    """Many times, a clock that is set again and again: each minute at most once, none left out."""
    g = Ground("2026-11-25T10:00:30Z", 'schedule "nightly" { at = "* * * * *", missed = "all", '
               'run = function(due) return due.date .. "T" .. due.time end }\n')
    g.start()
    for by in (300, -240, 600, -3600, 3600, 120):
        g.looks(1)
        g.clock.move(by)
        if by == -3600:
            g.restart()
    g.looks(1)
    end = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=time.time() + g.clock.ahead)
    g.looks(1)
    came = g.came()
    first, last = (datetime.fromisoformat(min(came)), datetime.fromisoformat(max(came)))
    wanted = [(first + timedelta(minutes=i)).isoformat(timespec="minutes")
              for i in range(int((last - first).total_seconds() // 60) + 1)]
    check(sorted(set(came)) == sorted(came), "a minute came twice: %s", came)
    back = [m for m in wanted if m < "2026-11-25T11:58"]  # by the clock that was an hour back
    check(sorted(came) == sorted(set(wanted) | (set(came) & set(back))), "left out: %s",
          sorted(set(wanted) - set(came)))
    check(last.isoformat() >= (end + timedelta(hours=2) - timedelta(minutes=1)).strftime(
        "%Y-%m-%dT%H:%M"), "the last was %s, now is %s", last, end)


# ---- waits, tokens, idling ----

def sleeps_through(by, down):
    """A sleep of eight seconds takes about that, whatever the clock does."""
    def scenario():
        g = Ground("2026-11-25T12:00:00Z", SLEEPER)
        g.start()
        began = time.monotonic()
        g.sleep(8)
        if down:
            g.w.host.stop(signal.SIGKILL)
        g.clock.move(by)
        if down:
            g.start()
        wait_until(lambda: g.came("Sleep") == ["awake"], "the rule to wake")
        took = time.monotonic() - began
        check(down or took >= 7.5, "it slept %.1f s", took)
        # Back while it was down, nobody knows how long it had waited: once more in full at most.
        check(took < 75, "it slept %.1f s", took)
    return scenario


def tokens(by):
    """The clock is set after a token was got: the next request has a fresh one, and works."""
    def scenario():
        g = Ground("2026-11-25T12:00:00Z", '')
        w = g.w
        w.start_sandbox("procountor", "slack")
        w.minimal()
        g.start()
        from harness import fixture
        stamp = {"X-Webhook-Secret": "s3cret"}
        w.deliver(fixture(), sign=False, headers=stamp)
        w.settled(1)
        fetched = metric(w, "token_fetches_total")
        g.clock.move(by)
        g.looks(1)
        w.deliver(fixture(id="evt_second", contract__id=20043), sign=False, headers=stamp)
        runs = w.settled(2)
        check([r["state"] for r in runs] == ["done"] * 2, "%s", [r["reason"] for r in runs])
        check(metric(w, "token_fetches_total") == fetched + 1, "the token was not renewed")
        check(len(w.invoices()) == 2 and len(w.customers()) == 1, "%s", w.invoices())
    return scenario


def tries_after_days_down():
    """A run whose tries failed, of a host that was down for days: it goes on trying, for that was no
    time of its own."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    g = Ground("2026-11-25T12:00:00Z", f'connect "webhook" {{ as = "shop", secret = false }}\n'
               f'connect "http" {{ as = "stock", url = "http://127.0.0.1:{port}" }}\n'
               'rule "Read" { on = "shop", run = function() http.get("stock", "/") return "read" end }\n',
               ("--retry-base", "2s", "--retry-cap", "2s", "--allow-net", "127.0.0.1"))

    def tried():
        return int(metric(g.w, "retries_total")) > 0
    g.start()
    g.w.deliver({"id": "d1"}, company="acme", connection="shop", sign=False)
    wait_until(tried, "a try")
    g.w.host.stop(signal.SIGKILL)
    g.clock.move(3 * DAY)
    g.start()
    wait_until(tried, "a try after the days")
    server = http.server.HTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        runs = g.w.settled(1)
    finally:
        server.shutdown()
        server.server_close()
    check(runs[0]["state"] == "done", "%s", runs[0]["reason"])


def metric(w, name):
    from harness import request
    _, _, text = request(w.address, "GET", "/metrics")
    return int([line.split()[1] for line in text.decode().splitlines()
                if line.startswith(f"sauma_{name} ")][0])


def idles(by, at="2026-11-25T12:00:00Z"):
    def scenario():
        g = Ground(at, NIGHTLY + SLEEPER + 'poll "often" { every = "1h", run = function() end }\n')
        g.start()
        g.sleep(3600)
        g.clock.move(by)
        g.looks(1)
        spent = g.idle()
        check(spent < 1, "the host computed %.2f s of 2 s", spent)
    return scenario


def leap_second():
    """A sender's time may be 23:59:60; clocks of computers show the second after then."""
    g = Ground("2016-12-31T23:59:55Z", SLEEPER + 'schedule "nightly" { at = "0 2 1 1 *", '
               'run = function(due) return due.at end }\n'
               'rule "Newest" { on = "shop", key = function() return "k" end, '
               'newest = function(e) return e.at end, run = function(e) return e.at end }\n')
    g.start()
    for i, at in enumerate(("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2016-12-31T23:59:59Z")):
        g.w.deliver({"type": "x", "id": f"l{i}", "seconds": 0, "at": at}, company="acme",
                    connection="shop", sign=False)
    g.wait(["2017-01-01T02:00:00+02:00"])
    check(g.came("Newest") == ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"], "%s",
          g.came("Newest"))


def far(at, wanted):
    """The end of the 31 bits, and of the years of four digits."""
    def scenario():
        g = Ground(at, 'schedule "nightly" { at = "* * * * *", time_zone = "UTC", '
                       'run = function(due) return due.at end }\n' + SLEEPER)
        g.start()
        g.wait([wanted])
        g.sleep(2, "far")
        wait_until(lambda: g.came("Sleep") == ["awake"], "the rule to wake")
        g.restart()
        g.exactly([wanted])
        events = [json.loads(line) for line in g.w.sauma(
            "events", "--json", "--data", g.w.data).stdout.splitlines()]
        check(all(e["received_at"][:4] == wanted[:4] for e in events), "%s", events)
    return scenario


HOUR, DAY = 3600, 86400
HELSINKI = "Europe/Helsinki"
SCENARIOS = {
    **{f"set {by:+} while it runs": set_while_it_runs(by) for by in (HOUR, -HOUR, DAY, -DAY)},
    **{f"set {by:+} while it is down": set_while_it_is_down(by) for by in (HOUR, -HOUR, DAY, -DAY)},
    **{f"set {by:+} and put right": there_and_back(by) for by in (HOUR, -HOUR, DAY, -DAY, -30 * DAY)},
    "spring, a local time that is left out": calendar(
        "30 3 * * *", HELSINKI, "2026-03-28T12:00:00Z", "2026-03-29T00:59:57Z",
        ["2026-03-29T04:00:00+03:00"]),
    "autumn, a local time that comes twice": calendar(
        "30 3 * * *", HELSINKI, "2026-10-24T12:00:00Z", "2026-10-25T01:30:30Z",
        ["2026-10-25T03:30:00+03:00"]),
    "spring in New York": calendar(
        "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T06:59:57Z",
        ["2026-03-08T03:00:00-04:00"]),
    "half an hour in Lord Howe": calendar(
        "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T02:00:00Z", "2026-04-04T15:20:00Z",
        ["2026-04-05T01:45:00+11:00"]),
    "a day that was not in Samoa": calendar(
        "0 12 30 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-30T09:59:57Z",
        ["2011-12-31T00:00:00+14:00"]),
    "29 February": calendar(
        "0 0 29 2 *", HELSINKI, "2028-02-28T12:00:00Z", "2028-02-28T21:59:57Z",
        ["2028-02-29T00:00:00+02:00"]),
    "minutes of a clock that is set": minutes_of_a_set_clock,
    **{f"a sleep, set {by:+}{', down' if down else ''}": sleeps_through(by, down)
       for by in (HOUR, -HOUR, DAY, -DAY) for down in (False, True)},
    **{f"a token, set {by:+}": tokens(by) for by in (HOUR, -HOUR, DAY, -DAY)},
    "tries after days down": tries_after_days_down,
    **{f"nothing to do, set {by:+}": idles(by) for by in (HOUR, -HOUR, DAY, -DAY, 10000 * DAY)},
    "a leap second": leap_second,
    "2038": far("2038-01-19T03:13:56Z", "2038-01-19T03:14:00+00:00"),
    "after 2038": far("2038-01-19T03:14:58Z", "2038-01-19T03:15:00+00:00"),
    "2106": far("2106-02-07T06:28:57Z", "2106-02-07T06:29:00+00:00"),
    "9999": far("9999-12-31T23:57:56Z", "9999-12-31T23:58:00+00:00"),
}
FULL = len(SCENARIOS)


def run(name):
    """One scenario in a world of its own; raises what is wrong."""
    MADE.ground = None
    try:
        SCENARIOS[name]()
    finally:
        if MADE.ground:
            MADE.ground.w.close()


def case(t):
    name = list(SCENARIOS)[t.number % len(SCENARIOS)]
    try:
        run(name)
    except AssertionError as e:
        t.violate("C1S", f"{name}: {e}")
    t.note(name)
    t.n += 1
