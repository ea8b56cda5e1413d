# lua/sync/fields.lua
# what only the CRM has in an address is lost
/^  to_crm = function(organization, value)/,/^  end/s/for name, item in pairs(organization\[place\]) do object\[name\] = item end//
