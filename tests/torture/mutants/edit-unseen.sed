# lua/connectors/crm/customers.lua pipedrive
# what stands there by now counts as seen, though nothing was written
s/^  if next(changes) == nil then return read end/  if next(changes) == nil then return now end/
