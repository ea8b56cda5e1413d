# lua/sync/pair.lua
# what only Procountor has is not written back
/^local function write_books/,/^end/s/local body = json.decode(json.encode(partner))/&\n  body.additionalInfo = nil/
