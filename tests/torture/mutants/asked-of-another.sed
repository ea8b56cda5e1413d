# lua/sync/pair.lua
# one of two conflicts of a customer is asked alone
s/^    return plan, { conflicts = plan.conflicts, wrong = wrong,/    return plan, { conflicts = json.array { plan.conflicts[1] }, wrong = wrong,/
