# lua/sync/fields.lua
# of two equal addresses only the billing address is changed
s/if not main or fields.same(main, before) then/if false then/
