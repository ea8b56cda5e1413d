# lua/connectors/crm/customers.lua pipedrive
# of what belongs together only the part that was lost is put back
s/^  for key, value in pairs(before) do lost = lost or not same(value, read.values\[key\]) end/  for key, value in pairs(before) do\n    if same(value, read.values[key]) then before[key] = nil else lost = true end\n  end/
