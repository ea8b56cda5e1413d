# lua/sync/fields.lua
# addresses keep the old name
s/^        address.name = value/        address.name = address.name/
