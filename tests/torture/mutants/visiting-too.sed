# lua/sync/fields.lua
# an address that is apart is overwritten
s/if not main or fields.same(main, before) then/if true then/
