# lua/sync/fields.lua
# a postal code does not come to Procountor
s/for ours, theirs in pairs(PARTS) do object\[theirs\] = value\[ours\] end/object.street, object.city = value.street, value.city/
