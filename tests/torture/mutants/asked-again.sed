# lua/sync/pair.lua
# the same question is asked by each run
s/if base.asked and base.asked.about == about and base.asked.run ~= run then/if false then/
