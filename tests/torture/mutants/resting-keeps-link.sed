# lua/sync/linking.lua
# a customer that rests keeps its organization from the one that took its place
s/^  if not other or not is_active(other) and is_active(customer) then return end/  if not other then return end/
