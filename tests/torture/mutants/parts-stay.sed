# lua/connectors/pipedrive/customers.lua pipedrive
# parts of the old address stay beside the new text
s/^  if not read then return place end/  if true then return place end/
