# lua/connectors/crm/customers.lua pipedrive
# what a write took the place of is lost
s/^  return lost and before or nil/  return nil/
