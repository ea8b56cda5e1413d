# lua/sync/pair.lua
# a run that has written asks as well
/^local function ask_rest/,/^end/s/^  if wrote then/  if false then/
