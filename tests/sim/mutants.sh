#!/bin/sh
# Runs the engines that are wrong on purpose (mutants/*.sed: which file, what is wrong, how) in the
# simulator, which must find something in each within SEEDS seeds. What is rare has a line "# narrow"
# (it is looked for among the narrow seeds alone, plan.c) or "# from N" (it shows soon after that one).
# One that passes means that the simulator no longer looks at what that mutant breaks.
# usage: mutants.sh BUILD
set -u
build=$1
SEEDS=${SEEDS:-3000}
passed=0 failed=0
for sed in "$(dirname "$0")"/mutants/*.sed; do
    name=$(basename "$sed" .sed)
    what=$(sed -n '2s/^# *//p' "$sed")
    from=$(sed -n 's/^# from //p' "$sed")
    narrow=$(sed -n 's/^# narrow$/--from 10 --step 10/p' "$sed")
    out=$("$build/sim/mutants/$name" --seeds "$SEEDS" ${narrow:---from 1} ${from:+--from $from} \
        --repeat 0 --failures 1 2>&1)
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
