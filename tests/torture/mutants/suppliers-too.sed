# lua/connectors/procountor/partners.lua
# a supplier counts as a customer
s/^    if status == 404 or (given.text(record.type) or "CUSTOMER") ~= "CUSTOMER" then return nil end/    if status == 404 then return nil end/
