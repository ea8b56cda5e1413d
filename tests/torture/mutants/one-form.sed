# lua/connectors/procountor/customers.lua
# an identifier in another spelling is not found
/^local function by_identity/,/^end/s/for _, form in ipairs(who.forms) do/for _, form in ipairs { who.forms[1] } do/
