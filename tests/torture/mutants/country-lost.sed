# lua/sync/fields.lua
# a country does not come to Procountor
s/^  object.country = countries.name(value.country)/  object.country = object.country or "FINLAND"/
