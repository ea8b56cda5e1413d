# lua/connectors/hubspot/customers.lua hubspot
# who asks for a merged company gets another one as it
s/^    if shape.id(data.id) ~= id then return nil, shape.id(data.id) end//
