# lua/connectors/procountor/partners.lua
# the whole record is replaced whatever changed there meanwhile
s/^    preflight.body(record, partners.LIMITS/    record.version = nil\n&/
