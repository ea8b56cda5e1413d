# lua/sync/pair.lua
# the same question is asked by each run
s/^  if not asked or asked.run == tostring(current.call.run) then return nil end/  if true then return nil end/
