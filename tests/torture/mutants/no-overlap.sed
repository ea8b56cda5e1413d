# lua/sync/changes.lua
# a search that lags behind what was saved hides it for good
s/overlap.earlier(since.version)/since.version/
s/overlap.earlier(since.crm)/since.crm/
