# lua/sync/merge.lua
# what both sides hold counts as never compared
s/local a, b, last = crm\[name\], books\[name\], base\[name\]/local a, b, last = crm[name], books[name], nil/
