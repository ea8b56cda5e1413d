# lua/sync/merge.lua
# a question does not say what was there before
s/before = last and last.crm,/before = a,/
