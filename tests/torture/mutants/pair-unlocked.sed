# lua/sync/pair.lua
# two runs settle one pair at once
s/return lock(settings.link .. " organization " .. organization_id, function()/return (function(f) return f() end)(function()/
