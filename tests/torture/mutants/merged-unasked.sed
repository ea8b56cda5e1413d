# lua/sync/linking.lua
# two customers of one merged organization stay two unseen
s/if twin and (given(twin.registryInfo) or {}).active ~= false then/if false then/
