"""Q1: a million events of a thousand companies wait, half of them of one; the host starts, is fair to
the small ones while it works through them, and loses, repeats and reorders none."""
import os
import sys

NAME, DOES = "Q1", "a million queued events of a thousand companies, half of them of one"
FULL, PER_CASE, JOBS = 1_000_000, 1_000_000, 1
INVARIANTS = {"wrong_order": "I5", "books_difference": "I4", "not_done": "I4", "refused": "I4",
              "not_invoiced": "I4", "invoiced_twice": "I1"}


def case(t):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path.insert(0, os.path.join(root, "tests", "bench"))
    import backlog
    t.n = max(2000, round(FULL * min(1, t.scale)))
    companies = min(1000, t.n // 20)
    figures = backlog.measure(os.environ["SAUMA_BUILD"], t.n, companies, seconds=20, drain=True)
    t.events += t.n
    for wrong in backlog.missed(figures):
        most = backlog.GOALS.get(wrong, 0)
        t.violate(INVARIANTS.get(wrong, NAME), f"{wrong} is {figures[wrong]}, at most {most}")
    for what in ("start_s", "first_s", "new_s", "accept_p99_ms", "memory_mb", "drained_s"):
        t.note(what, round(figures[what] or -1, 2))
