# lua/connectors/hubspot/customers.lua hubspot
# of what was changed the first page is looked at
s/^      after = type(following) == "table".*/      after = nil/
