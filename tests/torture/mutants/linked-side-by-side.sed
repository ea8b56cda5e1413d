# lua/sync/linking.lua
# two runs link at once
s/return lock(settings.link .. " linking", function() return again.look(id, fn) end)/return again.look(id, fn)/
