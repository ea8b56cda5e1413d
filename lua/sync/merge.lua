--[[
The three-way merge of one customer: what both sides hold against what they had in common last.

  merge(wanted, crm, books, base, decide) -> {
    agreed = { name = { crm =, books = } },   both hold the same, or did already: nothing to be written
    to_books = { name = value }, to_crm = { name = value, or merge.NOTHING },
    conflicts = { { field =, crm =, books =, before =, first = true: never compared } } }

  wanted   names of fields
  crm, books   { name = value }: what is there now
  base     { name = { crm = value, books = value } }: what each side held when they were last the same,
           as each spelled it; a field that is not in it was never compared
  decide   function(name) -> "crm", "books" or nil: whose value counts where both were changed
]]

local fields = require "sync.fields"

local NOTHING = setmetatable({}, { __name = "nothing" })

-- "agreed", "to_books", "to_crm" or "conflict".
local function outcome(name, a, b, base, decide)
  local changed_a, changed_b = true, true
  if base then
    changed_a, changed_b = not fields.same(a, base.crm), not fields.same(b, base.books)
    if not changed_a and not changed_b then return "agreed" end
  end
  if changed_a and changed_b then
    if fields.alike(name, a, b) then return "agreed" end
    -- Never compared: a side that holds nothing has changed nothing.
    local must = fields[name].must
    if a == nil and (must or not base) then return "to_crm" end
    if b == nil and (must or not base) then return "to_books" end
    local owner = decide(name)
    if not owner then return "conflict" end
    return owner == "crm" and "to_books" or "to_crm"
  end
  if fields[name].must then
    if a == nil and b ~= nil then return "to_crm" end
    if b == nil and a ~= nil then return "to_books" end
  end
  return changed_a and "to_books" or "to_crm"
end

local function merge(wanted, crm, books, base, decide)
  local plan = { agreed = {}, to_books = {}, to_crm = {}, conflicts = {} }
  for _, name in ipairs(wanted) do
    local a, b, last = crm[name], books[name], base[name]
    local what = outcome(name, a, b, last, decide)
    if what == "agreed" then
      plan.agreed[name] = { crm = a, books = b }
    elseif what == "to_books" then
      plan.to_books[name] = a == nil and NOTHING or a
    elseif what == "to_crm" then
      plan.to_crm[name] = b == nil and NOTHING or b
    else
      plan.conflicts[#plan.conflicts + 1] = { field = name, crm = a, books = b,
        before = last and last.crm, first = not last or nil }
    end
  end
  return plan
end

return setmetatable({ NOTHING = NOTHING }, { __call = function(_, ...) return merge(...) end })
