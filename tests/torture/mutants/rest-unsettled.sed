# lua/sync/pair.lua
# a record is put to rest within the second in which it changed
s/^    if not sides.books(settings).settled(partner) then return nil end//
