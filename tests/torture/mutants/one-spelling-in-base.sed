# lua/sync/merge.lua
# both sides are compared with the CRM's spelling
s/not fields.same(b, base.books)/not fields.same(b, base.crm)/
