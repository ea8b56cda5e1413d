# lua/sync/pair.lua
# what goes to Procountor keeps what goes to the CRM from going
s/^  if next(plan.to_crm) then/  if next(plan.to_crm) and not next(plan.to_books) then/
