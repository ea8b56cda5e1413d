# lua/sync/pair.lua
# a field that nobody changed goes along
/^local function write_crm/,/^end/s/^  local patch = {}/  local patch = { phone = organization.phone }/
