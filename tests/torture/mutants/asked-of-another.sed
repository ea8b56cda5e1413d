# lua/sync/pair.lua
# one of two conflicts of a customer is asked alone
s/^  local about = json.encode(conflicts)/  conflicts = json.array { conflicts[1] }\n&/
