# lua/sync/pair.lua
# an inactive customer is written all the same
s/ and active == false then$/ and false then/
