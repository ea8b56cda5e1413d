# lua/connectors/crm/customers.lua pipedrive
# what the putting back took the place of is lost
s/^    back, read = taken(crm, id, back, read, saved), saved/    back = nil/
