# lua/sync/merge.lua
# the owner's value is the one that is dropped
s/return owner == "crm" and "to_books" or "to_crm"/return owner == "crm" and "to_crm" or "to_books"/
