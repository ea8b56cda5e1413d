# lua/sync/pair.lua
# a write whose answer was lost counts as done
/^  local function wrote(record)/,/^  end/s/return false/return true/
