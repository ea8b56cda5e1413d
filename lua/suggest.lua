--[[
"Did you mean": for errors that name something unknown.

  suggest(word, known)  known is a list of names, or a table whose keys are the names
      -> ' (did you mean "trigger"?)', or "" when nothing is near enough
]]

-- Edit distance in which two letters that changed places count as one, as typing errors go.
local function distance(a, b)
  local before, previous = {}, {}
  for j = 0, #b do previous[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local best = math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      row[j] = best
    end
    before, previous = previous, row
  end
  return previous[#b]
end

local function suggest(word, known)
  word = tostring(word):sub(1, 64)
  local names = {}
  for key, value in pairs(known) do
    local name = math.type(key) == "integer" and value or key
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  local best, best_distance = nil, math.max(1, #word // 3) + 1
  for _, name in ipairs(names) do
    local d = distance(word:lower(), name:lower())
    if d < best_distance then best, best_distance = name, d end
  end
  return best and (' (did you mean "%s"?)'):format(best) or ""
end

return suggest
