# lua/connectors/crm/customers.lua pipedrive
# the same write again in one run is taken for the first
s/^  return json.encode { was, read.updated_at or false }/  return "once"/
