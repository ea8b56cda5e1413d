--[[
A look that came too late is looked once more: what is saved goes out from what was read, and somebody
may have been first.

  again.look(what, fn)   fn(), and what it returns; from its start once more after each again.anew in
                         it, at most TRIES times: then a person is told of what (who it is about)
  again.anew()           what was read is not so any more
  again.save(settings, link), again.drop(settings, link)  as links has them, and anew if it was not so

A save whose answer was lost with the host is one that came too late as well: the next look finds what it
saved. So fn must be such that it can go on from there.
]]

local ending = require "ending"
local links = require "links"

local again = {}

local TRIES = 10
local ANEW = {}

function again.look(what, fn)
  for _ = 1, TRIES do
    local results = table.pack(pcall(fn))
    if results[1] then return table.unpack(results, 2, results.n) end
    if results[2] ~= ANEW then error(results[2], 0) end
  end
  ending.attention(("%s is linked by others all the time: %d times what was read was not so any more "
    .. "when it was to be linked. Retry when it is quiet."):format(what, TRIES))
end

function again.anew()
  error(ANEW, 0)
end

function again.save(settings, link)
  if not links.save(settings.link, link) then again.anew() end
end

function again.drop(settings, link)
  if not links.drop(settings.link, link) then again.anew() end
end

return again
