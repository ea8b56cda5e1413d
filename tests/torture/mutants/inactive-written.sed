# lua/sync/pair.lua
# an inactive customer is written all the same
s/(given(partner.registryInfo) or {}).active == false then$/false then/
