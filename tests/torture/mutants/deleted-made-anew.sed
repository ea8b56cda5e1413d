# lua/sync/pair.lua
# an organization that was deleted is made anew
s/^    return deleted_in_crm(settings, link, partner, event)/    return unlink(settings, link)/
