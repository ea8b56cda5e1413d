# lua/connectors/pipedrive/customers.lua pipedrive
# who was deleted in Pipedrive is there still
s/if not data or data.is_deleted == true then return nil end/if not data then return nil end/
