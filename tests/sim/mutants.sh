#!/bin/sh
# Runs the engines that are wrong on purpose (mutants/*.sed: which file, what is wrong, how) in the
# simulator, which must find something in each within SEEDS seeds (from the first, or from where the
# file says: what is rare). One that passes means that the
# simulator no longer looks at what that mutant breaks.
# usage: mutants.sh BUILD
set -u
build=$1
SEEDS=${SEEDS:-3000}
passed=0 failed=0
for sed in "$(dirname "$0")"/mutants/*.sed; do
    name=$(basename "$sed" .sed)
    what=$(sed -n '2s/^# *//p' "$sed")
    from=$(sed -n 's/^# from //p' "$sed")
    out=$("$build/sim/mutants/$name" --seeds "$SEEDS" --from "${from:-1}" --repeat 0 --failures 1 2>&1)
    status=$?
    why=$(printf '%s\n' "$out" | sed -n 's/^seed \([0-9]*: .*\)/\1/p' | head -n 1 | cut -c1-160)
    if [ $status = 0 ]; then
        failed=$((failed + 1))
        echo "NOT NOTICED in $SEEDS seeds: $what ($name)"
    else
        passed=$((passed + 1))
        echo "noticed: $what: seed ${why:-(it fell over: status $status)}"
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
