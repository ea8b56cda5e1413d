# lua/sync/linking.lua
# two runs link at once
s/return lock(settings.link .. " linking", function() return fn(settings, id, event) end)/return fn(settings, id, event)/
