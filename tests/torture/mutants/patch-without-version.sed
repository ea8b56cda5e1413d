# lua/connectors/crm.lua
# an organization is changed whatever changed there meanwhile
s/local body = { source = SOURCE, version = version }/local body = { source = SOURCE }/
