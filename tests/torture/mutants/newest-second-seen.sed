# lua/sync/changes.lua
# what was changed in the newest second counts as told for good
s/if one.at and one.at >= limit and (one.at < newest or newest == last) then/if one.at and one.at >= limit then/
