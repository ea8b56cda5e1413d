# lua/sync/pair.lua
# an organization that was deleted is made anew
s/^  if not organization then return deleted_in_crm(settings, link, partner, event) end/  if not organization then return unlink(settings, link) end/
