# lua/sync/pair.lua
# a choice counts for what was changed since it was asked
s/^      or not asked.about:find(json.encode(conflict), 1, true) then/      then/
