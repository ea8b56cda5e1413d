# lua/sync/pair.lua
# a write that came too late fails
s/(not problem or problem.status == 409)/not problem/
