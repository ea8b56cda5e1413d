--[[
What a rule wants of a connection that an option names: that it exists is not enough. To be asked when
all connections are known, in a rule's `check`.

  roles.problem { { "notify", settings.notify, "notices" }, ... }  -> nil, or what is wrong: of each the
        option's name, the connections it names (a name, a list, nil or false) and their role
]]

local connections = require "connections"

local function has(...)
  local path = { ... }
  return function(entry)
    local value = entry.object
    for _, name in ipairs(path) do value = type(value) == "table" and value[name] or nil end
    return value ~= nil
  end
end

local function of_kind(...)
  local kinds = { ... }
  return function(entry)
    for _, kind in ipairs(kinds) do
      if entry.kind == kind then return true end
    end
    return false
  end
end

local ROLES = {
  notices = { is = has "notify",
    words = 'takes no notices; one of kind "slack", "zapier", "smtp", "webhook_out" or "crm" does' },
  finance = { is = of_kind "procountor", words = 'makes no invoices; one of kind "procountor" does' },
  register = { is = of_kind "ytj", words = 'is no register; one of kind "ytj" is' },
  deals = { is = has("deals", "whole"),
    words = 'has no deals; one of kind "crm", "pipedrive" or "hubspot" has' },
  proposals = { is = of_kind "click2contract",
    words = 'has no proposals; one of kind "click2contract" has' },
  files = { is = of_kind("http", "crm", "pipedrive", "hubspot"),
    words = 'fetches no files; one of kind "http" does' },
}

local roles = {}

function roles.problem(wanted)
  for _, each in ipairs(wanted) do
    local option, names, role = each[1], each[2], ROLES[each[3]]
    for _, name in ipairs(type(names) == "table" and names or { names or nil }) do
      local entry = connections.get(name)
      if entry and not role.is(entry) then
        return ('%s: connection "%s" of kind %s %s'):format(option, name, entry.kind, role.words)
      end
    end
  end
  return nil
end

return roles
