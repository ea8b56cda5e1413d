# lua/sync/merge.lua
# what nobody owns is not asked, the CRM's value is taken
s/if not owner then return "conflict" end/if not owner then return "to_books" end/
