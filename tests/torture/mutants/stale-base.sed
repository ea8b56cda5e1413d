# lua/sync/pair.lua
# a write to Procountor is not remembered
/^  if next(plan.to_books) then/,/^  end/s/if not remember(settings, link, agreed) then return nil end//
