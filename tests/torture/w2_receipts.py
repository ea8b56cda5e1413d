"""W2: a 2xx is a receipt: kill -9 between the arrival of deliveries and their answers."""
import threading
import time

NAME, DOES = "W2", "kill -9 between receiving a delivery and answering it"
FULL, PER_CASE, JOBS = 2_000, 20, 2
SENDERS = 8

RULE = """company "{name} Oy" {{}}
connect "click2contract" {{ secret = secret "click2contract" }}
rule "Nothing" {{ on = "click2contract", run = function() return {{}} end }}
"""


def case(t):
    w = t.ground(rule=RULE)
    w.start_host()
    for kill in range(PER_CASE):
        stop = threading.Event()

        def work(sender):
            number = 0
            while not stop.is_set():
                number += 1
                w.post("acme", bodies[sender] | {
                    "id": f"evt-{kill}-{sender}-{number}",
                    "contract": bodies[sender]["contract"] | {"id": f"W{kill}-{sender}-{number}"}})
        bodies = [w.proposal(f"W2-{s}") for s in range(SENDERS)]
        threads = [threading.Thread(target=work, args=(s,)) for s in range(SENDERS)]
        for thread in threads:
            thread.start()
        time.sleep(t.random.uniform(0.005, 0.12))
        w.kill_host()
        stop.set()
        for thread in threads:
            thread.join()
        w.start_host()
        t.n += 1
    w.quiesce()
    t.judge(w)
    t.note("receipts", sum(200 <= s["status"] < 300 for s in w.sent))
    t.note("deliveries without an answer", sum(s["status"] == 0 for s in w.sent))
