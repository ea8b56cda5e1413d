"""Schedules: each time of one becomes one event, over restarts, kills, reloads and downtime."""
import json
import re
import signal
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from faked import Clock
from harness import Case, main, request, wait_until

HEAD = 'company "Acme" { language = "fi", time_zone = "Europe/Helsinki" }\n'
RETURN = "run = function(due) return due end"


class Schedules(Case):
    def company(self, text):
        self.world.add_company("acme", source=HEAD + text)

    def change(self, text):
        with open(f"{self.world.companies}/acme/company.lua", "w") as f:
            f.write(HEAD + text)

    def start(self, clock=None, **env):
        return self.world.start_host(env={**(clock.env if clock else {}), **env})

    def came(self, schedule):
        """What the schedule's runs were given, oldest first; and each event had one run."""
        runs = [r for r in reversed(self.world.runs(rule=schedule)) if r["state"] == "done"]
        events = [r["event"] for r in runs]
        self.assertEqual(len(events), len(set(events)))
        return [r["result"] for r in runs]

    def wait_for(self, schedule, count):
        return wait_until(lambda: (lambda c: c if len(c) >= count else None)(self.came(schedule)),
                          f"{count} times of {schedule}")

    # ---- restarts ----
    def test_no_time_is_lost_or_doubled_when_the_host_is_killed(self):
        self.company(f'schedule "tick" {{ every = "1s", missed = "all", {RETURN} }}')
        points = ["before_scheduled_event:1", "after_scheduled_event:1", "after_route:1", "after_end:1", ""]
        for point in points:
            host = self.start(**({"SAUMA_FAULT": point} if point else {}))
            before = len(self.came("tick"))
            wait_until(lambda: host.p.poll() is not None or
                       not point and len(self.came("tick")) > before + 1, f"the end at {point}")
            host.stop(signal.SIGKILL)
        self.start()
        count = len(self.came("tick"))
        times = [datetime.fromisoformat(c["at"].replace("Z", "+00:00"))
                 for c in self.wait_for("tick", count + 3)]
        self.assertEqual(times, [times[0] + timedelta(seconds=i) for i in range(len(times))])

    def test_a_changed_schedule_begins_when_it_was_changed(self):
        clock = Clock(self.world, "2026-11-25T08:00:00Z")
        self.company(f'schedule "sync" {{ at = "0 3 * * *", missed = "all", {RETURN} }}')
        self.start(clock)
        self.world.host.line("listening")
        self.world.host.stop()
        clock.set("2026-11-28T08:00:00Z")  # three nights later
        self.change(f'schedule "sync" {{ at = "30 10 * * *", missed = "all", {RETURN} }}\n'
                    f'schedule "new" {{ at = "0 3 * * *", missed = "all", {RETURN} }}')
        self.start(clock)
        clock.set("2026-11-28T08:29:57Z")
        came = self.wait_for("sync", 1)
        self.assertEqual([c["at"] for c in came], ["2026-11-28T10:30:00+02:00"])
        self.assertEqual(self.came("new"), [])

    # ---- downtime ----
    def test_the_last_and_the_next_time_of_each_are_told(self):
        w = self.world
        self.company(f'schedule "sync" {{ at = "0 3 * * *", {RETURN} }}\n'
                     f'poll "changes" {{ every = "15m", {RETURN} }}')
        self.start(Clock(w, "2026-11-25T08:00:00Z"))
        read = lambda: [json.loads(line) for line in w.sauma(
            "stats", "--schedules", "--json", "--data", w.data).stdout.splitlines()]
        wait_until(lambda: len(read()) == 2, "both schedules to be stored")
        changes, sync = read()
        self.assertEqual(sync, {
            "company": "acme", "schedule": "sync", "when": "0 3 * * * Europe/Helsinki",
            "last": "2026-11-25T03:00:00+02:00", "next": "2026-11-26T03:00:00+02:00"})
        last, due = (datetime.fromisoformat(changes[k].replace("Z", "+00:00"))
                     for k in ("last", "next"))
        self.assertEqual((changes["when"], due - last), ("every 15m", timedelta(minutes=15)))
        with open(f"{w.data}/api-token") as f:
            token = f.read().split()[-1]
        status, _, answer = request(w.address, "GET", "/api/v1/schedules?company=acme",
                                    headers={"Authorization": "Bearer " + token})
        self.assertEqual((status, json.loads(answer)["schedules"][1]), (200, sync))
        self.assertIn(b"next 2026-11-26T03:00:00+02:00",
                      w.sauma("stats", "--schedules", "--data", w.data).stdout)

    def test_what_was_missed_comes_once_or_all_or_not(self):
        clock = Clock(self.world, "2026-11-25T08:00:00Z")
        self.company("".join(
            f'schedule "{name}" {{ at = "0 3 * * *", {options}, {RETURN} }}\n'
            for name, options in [("once", 'missed = "once"'), ("all", 'missed = "all"'),
                                  ("none", 'missed = "none"'),
                                  ("two", 'missed = "all", missed_limit = 2')]))
        self.start(clock).stop()
        clock.set("2026-11-30T08:00:00Z")
        self.start(clock)
        wait_until(lambda: len(self.came("all")) == 5 and len(self.came("two")) == 2 and
                   self.came("once"), "what was missed")
        nights = [f"2026-11-{day}T03:00:00+02:00" for day in range(26, 31)]
        self.assertEqual([c["at"] for c in self.came("all")], nights)
        self.assertEqual([(c["at"], c["missed"]) for c in self.came("once")], [(nights[-1], 4)])
        self.assertEqual([c["at"] for c in self.came("two")], nights[-2:])
        self.assertEqual(self.came("none"), [])
        alerts = self.world.sauma("alerts", "--json", "--data", self.world.data).stdout
        self.assertIn(b'"schedule-missed"', alerts)
        # The books know the scheduled events as any other.
        self.world.host.stop()
        stats = json.loads(self.world.sauma("stats", "--json", "--data", self.world.data).stdout)
        self.assertEqual((stats["received"], stats["done"], stats["difference"]), (8, 8, 0))
        # And the next night comes for all of them.
        clock.set("2026-12-01T00:59:57Z")
        self.start(clock)
        for name, count in ("once", 2), ("all", 6), ("none", 1), ("two", 3):
            self.assertEqual(self.wait_for(name, count)[-1]["at"], "2026-12-01T03:00:00+02:00")

    # ---- polls ----
    def test_a_poll_reads_on_from_where_it_was_over_kills(self):
        self.company('poll "count" { every = "1s", first = 0, run = function(since) '
                     "return since + 1, { saw = since } end }")
        for point in ("after_answer:1", "after_answer:4", "before_end:2", "after_end:1"):
            host = self.start(SAUMA_FAULT=point)
            wait_until(lambda: host.p.poll() is not None, f"death at {point}")
        self.start()
        count = len(self.came("count"))
        saw = [c["saw"] for c in self.wait_for("count", count + 3)]
        self.assertEqual(saw, list(range(len(saw))))

    def test_a_window_that_is_half_done_is_left_alone(self):
        self.world.start_sandbox("http", options={"collections": ["/items"]})
        self.world.env["OUT_URL"] = self.world.urls["http"]
        self.company('''connect "http" { as = "out", url = env "OUT_URL" }
poll "copy" { every = "1s", first = 0, run = function(since)
  http.write("out", "POST", "/items", { json = { n = since }, find = function() end })
  if since == 2 then attention("look at this") end
  return since + 1
end }
''')
        self.start()
        def look():
            runs = self.world.runs(rule="copy")
            return runs if [r["state"] for r in runs].count("skipped") >= 2 else None
        runs = list(reversed(wait_until(look, "two polls that leave it alone")))
        self.assertEqual([r["state"] for r in runs[:5]],
                         ["done", "done", "attention", "skipped", "skipped"])
        self.assertIn(f"run {runs[2]['id']} of this poll is attention", runs[3]["reason"])
        # Left by a person, its window is read again.
        self.world.sauma("skip", runs[2]["id"], "--reason", "done by hand", "--data",
                         self.world.data)
        again = wait_until(lambda: [r for r in self.world.runs(rule="copy")
                                    if r["state"] == "attention"], "the window to be read again")
        self.assertEqual(self.world.show(again[0]["id"])["steps"][0]["answer"]["value"], 2)

    # ---- what a consultant sees ----
    def test_check_shows_the_next_times_that_python_counts_too(self):
        cases = [("0 3 * * *", "Europe/Helsinki"), ("30 2 * * sun", "America/New_York"),
                 ("15,45 */6 1-7 * *", "Australia/Lord_Howe"), ("0 0 29 2 *", "Asia/Kathmandu"),
                 ("*/20 1-3 * mar,oct,nov *", "Europe/London"), ("0 12 13 * fri", "UTC"),
                 ("30 3 * * *", "Africa/Casablanca"), ("59 23 31 12 *", "Pacific/Chatham")]
        self.company("".join(
            f'schedule "s{i}" {{ at = "{at}", time_zone = "{zone}", {RETURN} }}\n'
            for i, (at, zone) in enumerate(cases)))
        for now in ("2026-03-28T22:00:00Z", "2026-10-24T20:00:00Z", "2027-02-26T12:00:00Z",
                    "2037-12-31T23:58:00Z", "2040-10-27T00:10:00Z"):
            clock = Clock(self.world, now)
            env, self.world.env = self.world.env, {**self.world.env, **clock.env}
            shown = self.world.sauma("check", f"{self.world.companies}/acme").stdout.decode()
            self.world.env = env
            begin = datetime.fromisoformat(now.replace("Z", "+00:00"))
            for i, (at, zone) in enumerate(cases):
                line = re.search(rf'"s{i}", .*comes next (.*)', shown).group(1)
                self.assertEqual(line.split(", "), counted(at, zone, begin), (now, at, zone))

    def test_mistakes_are_told_with_their_place(self):
        for given, words in [
                ('at = "0 25 * * *"', "field 2 (hour), character 3"),
                ('at = "0 3 * * *", time_zone = "Europe/Helsinky"', 'did you mean "Europe/Helsinki"'),
                ('evry = "15m"', 'did you mean "every"'),
                ('every = "15 minutes"', "90s, 15m, 1h or 1d"),
                ('every = "15m", missed = "twice"', "once, all, none"),
                ('at = "0 0 30 2 *"', "never comes"),
                ('every = "15m", missed_limit = 3', 'goes with missed = "all"')]:
            with self.subTest(given):
                self.setUp()
                self.company(f'schedule "x" {{ {given} }}')
                done = self.world.sauma("check", f"{self.world.companies}/acme", check=False)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr.decode(), r"acme/company\.lua:2: schedule \"x\": ")
                self.assertIn(words, done.stderr.decode())


def fields(at):
    """The numbers of each field, read independently of the program."""
    names = [[], [], [], "jan feb mar apr may jun jul aug sep oct nov dec".split(),
             "sun mon tue wed thu fri sat".split()]
    out = []
    for i, field in enumerate(at.split()):
        low, high = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)][i]
        numbers = set()
        for item in field.split(","):
            for k, name in enumerate(names[i]):
                item = item.replace(name, str(k + (1 if i == 3 else 0)))
            span, _, step = item.partition("/")
            a, _, b = (f"{low}-{high}" if span == "*" else span).partition("-")
            numbers |= set(range(int(a), int(b or a) + 1, int(step or 1)))
        out.append(numbers)
    return out


def counted(at, zone, begin):
    """The next three times: each local minute that fits, once, in order of its first instant."""
    minutes, hours, days, months, weekdays = fields(at)
    either = not at.split()[2].startswith("*") and not at.split()[4].startswith("*")
    tz, found = ZoneInfo(zone), []
    local = begin.astimezone(tz).replace(tzinfo=None, second=0, microsecond=0) - timedelta(days=2)
    while len(found) < 3:
        by_month, by_week = local.day in days, (local.weekday() + 1) % 7 in weekdays
        day = local.month in months and (by_month or by_week if either else by_month and by_week)
        if not day:
            local = (local + timedelta(days=1)).replace(hour=0, minute=0)
            continue
        if local.hour in hours and local.minute in minutes:
            first = local.replace(tzinfo=tz, fold=0).astimezone(ZoneInfo("UTC"))
            if first.astimezone(tz).replace(tzinfo=None) != local:  # left out: the end of the gap
                while first.astimezone(tz).replace(tzinfo=None) > local:
                    first -= timedelta(minutes=1)
                first += timedelta(minutes=1)
            if first > begin:
                found.append(first.astimezone(tz).isoformat())
        local += timedelta(minutes=1)
    return found


if __name__ == "__main__":
    main()
