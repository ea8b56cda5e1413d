# rules/customer_sync.lua
# who became part of another is not looked at
s/^  for _, other in ipairs(from) do linking.merged(settings, other, id) end//
