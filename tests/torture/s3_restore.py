"""S3: the data folder of an earlier hour is put back; senders replay what they sent since. Nothing
is done twice: what the store forgot is found outside."""
import os
import shutil
import sqlite3
import time

NAME, DOES = "S3", "yesterday's data is put back (sauma restore, or a copy), and all is sent again"
FULL, PER_CASE, JOBS = 20, 1, 2


def copy_of(w, folder):
    """A consistent copy of a store in use."""
    os.makedirs(folder)
    for name in os.listdir(w.data):
        if os.path.isfile(os.path.join(w.data, name)) and not name.startswith("sauma.db"):
            shutil.copy2(os.path.join(w.data, name), folder)
    source = sqlite3.connect(f"file:{os.path.join(w.data, 'sauma.db')}?mode=ro", uri=True)
    target = sqlite3.connect(os.path.join(folder, "sauma.db"))
    source.backup(target)
    target.execute("PRAGMA journal_mode = WAL")
    target.close()
    source.close()


def case(t):
    w = t.ground(("acme", "beta"), fault="delay=0ms..10ms")
    w.start_host()
    bodies = [(c, w.proposal(f"S3-{t.number}-{c}-{i}", c)) for i in range(15) for c in w.names]
    t.random.shuffle(bodies)
    yesterday, threads = os.path.join(w.dir, "yesterday"), w.send_all(bodies[:len(bodies) // 2])
    time.sleep(t.random.uniform(0.02, 0.4))
    by_copy = t.number % 2 == 1
    if by_copy:
        copy_of(w, yesterday)
    else:
        w.sauma("backup", yesterday, "--data", w.data)
    for thread in threads + w.send_all(bodies[len(bodies) // 2:]):
        thread.join()
    if t.random.random() < 0.7:
        w.quiesce(events=len(bodies))
    w.host.stop()
    if by_copy:
        shutil.rmtree(w.data)
        shutil.copytree(yesterday, w.data)
    else:
        w.sauma("restore", yesterday, "--overwrite", "--data", w.data)
    t.note("by a copy" if by_copy else "by sauma restore")
    w.start_host()
    known = w.query("SELECT count(*) FROM events")[0][0]
    for company, body in bodies:
        w.send(company, body)
    w.quiesce(events=len(bodies))
    # What was answered after the copy was made is forgotten by the store, and came in again; and of
    # some effects the restored journal knows nothing.
    t.judge(w, besides=("I4", "I5", "I8", "I9"))
    t.note("events the copy lacked", len(bodies) - known)
    t.n += 1
