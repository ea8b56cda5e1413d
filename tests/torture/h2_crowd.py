"""H2: thousands of connections that do nothing, or send a byte now and then, beside a good client.

The host is at its limit of connections: who idles makes room for the good client, whose requests are
answered as ever. Who is slow is cut at the absolute deadline, and all of it costs little memory.
"""
import resource
import select
import socket
import time

from ground import percentile, request, wait_until

NAME, DOES = "H2", "thousands of idle and slow connections at the limit, a good client beside"
FULL, PER_CASE, JOBS = 10000, 10000, 1
DEADLINE, ASKED = 4, 200


def memory_kb(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() // 1024


def crowd(address, count):
    """So many connections, of 20 addresses of this machine; each second one has begun a request."""
    host, port = address.rsplit(":", 1)
    found = []
    for i in range(count):
        s = socket.create_connection((host, int(port)), timeout=60,
                                     source_address=(f"127.0.0.{1 + i % 20}", 0))
        if i % 2:
            s.sendall(b"POST /hooks/acme/click2contract HTTP/1.1\r\nHost: a\r\nX: ")
        found.append(s)
    return found


def drip(connections):
    """A byte to each, as long as it is taken; those that the host has ended."""
    poll = select.poll()
    for s in connections:
        try:
            s.send(b"y")
        except OSError:
            pass
        poll.register(s, select.POLLIN | select.POLLHUP)
    return len(poll.poll(0))


def case(t):
    count = max(100, int(PER_CASE * t.scale))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < count + 700:
        count = hard - 700
        t.note(f"only {count}: the limit of open files")
    w = t.ground(settings=("--header-timeout", f"{DEADLINE}s", "--max-connections", str(count)))
    w.start_host()
    for _ in range(20):
        request(w.address, "GET", "/healthz")
    before = memory_kb(w.host.p.pid)
    began = time.monotonic()
    connections = crowd(w.address, count)
    opened = time.monotonic() - began
    times = []
    for i in range(ASKED):
        asked = time.monotonic()
        status = request(w.address, "GET", "/healthz")[0]
        times.append((time.monotonic() - asked) * 1000)
        if status != 200:
            t.violate("H2", f"the good client got {status}")
        if i % 50 == 0:
            drip(connections[1::2])
    grown = (memory_kb(w.host.p.pid) - before) / 1024
    slow = connections[1::2]
    wait_until(lambda: drip(slow) == len(slow), "all slow ones to be cut")
    took = time.monotonic() - began
    if took > 3 * DEADLINE + 2 * opened + 10:  # the machine is shared
        t.violate("H2", f"the slow ones were cut after {took:.1f} s, not {DEADLINE}")
    status, _ = w.post("acme", w.proposal(f"H2-{t.number}"))
    if status != 202:
        t.violate("H2", f"a delivery got {status}")
    for s in connections:
        s.close()
    if grown > 64 + count * 0.02:
        t.violate("H2", f"memory grew by {grown:.0f} MB")
    t.n += count
    t.note("p99 of the good client, ms", round(percentile(times, 0.99)))
    t.note("memory, MB", round(grown))
    w.quiesce(events=1)
    t.judge(w)
