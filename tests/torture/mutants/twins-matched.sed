# lua/sync/changes.lua
# of two that have one business ID the first look takes one
s/^    if is_twice then by\[business_id\] = nil end//
