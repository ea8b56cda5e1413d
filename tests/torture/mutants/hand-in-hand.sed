# lua/connectors/hubspot/customers.lua hubspot
# somebody's write of the same counts as ours
s/ and given.text(newest.sourceType) ~= "CRM_UI" then/ then/
