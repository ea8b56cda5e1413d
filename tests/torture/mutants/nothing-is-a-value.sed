# lua/sync/merge.lua
# the first time nothing takes the place of what the other side has
s/(must or not base)/must/g
