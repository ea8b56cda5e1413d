# lua/connectors/crm/customers.lua hubspot
# an edit right after a write makes it fail
s/ or crm.refuses and not_kept(saved.values, changes) then/ then/
