# lua/sync/merge.lua
# what is taken away on one side comes back from the other
s/if fields\[name\].must then/if true then/
