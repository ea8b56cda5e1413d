# lua/sync/linking.lua
# who is linked already is linked to another
s/^  if of_a and of_a.b or of_b and of_b.a then make_way.*/  if of_a and of_a.b then of_a.b = nil end/
