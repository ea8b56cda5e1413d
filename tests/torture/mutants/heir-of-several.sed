# lua/connectors/crm/customers.lua pipedrive
# one of several of a business ID is the heir
s/^  return #others == 1 and others\[1\] or nil, false/  return others[1], false/
