# lua/connectors/procountor/customers.lua
# an inactive customer is made a second time
/^local function by_identity/,/^end/s/for _, active in ipairs { true, false } do/for _, active in ipairs { true } do/
