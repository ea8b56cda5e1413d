# lua/sync/pair.lua
# a value counts as agreed before it was written
/^  if not remember(settings, link, plan.agreed) then return nil end/i\
  for name, value in pairs(plan.to_books) do\
    if value ~= NOTHING then plan.agreed[name] = { crm = value, books = value } end\
  end
