# lua/sync/pair.lua
# another customer's organization becomes the one of who was deleted
s/^  return not is_taken and id or nil/  return id/
