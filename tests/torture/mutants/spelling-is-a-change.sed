# lua/sync/merge.lua
# the same in another spelling on both sides is a conflict
s/if fields.alike(name, a, b) then return "agreed" end/if fields.same(a, b) then return "agreed" end/
