# What the demos share; sourced by them.
sandbox_pid= host_pid=

# Ends what a demo started, whatever of it runs.
stop_programs() {
    for pid in $host_pid $sandbox_pid; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
}

# Waits until a command answers yes; the host and the sandboxes start within moments.
wait_for() {
    i=0
    until "$@" >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -lt 1200 ] || { echo "demo: waited in vain for: $*" >&2; return 1; }
        sleep 0.05
    done
}
