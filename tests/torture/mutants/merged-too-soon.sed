# lua/sync/linking.lua
# an organization that is there still loses its customer to another
s/^    if sides.crm(settings).get(from) then return true end//
