# lua/sync/linking.lua
# who the first look saw as one is linked, whatever stands there by now
s/^    and fields.business_id.books(record) == business_id/    or true/
