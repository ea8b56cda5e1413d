# lua/sync/changes.lua
# organizations whose webhook was lost are not looked for
/^local function changed_organizations/,/^end/s/for i, record in ipairs(list) do/for i, record in ipairs(since.crm and {} or list) do/
