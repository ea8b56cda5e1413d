--[[
E-mail addresses, of which Procountor takes nothing that is none (400 INVALID_EMAIL).

  email.is(text)           -> true if it has the form of one address
  email.usable(text)       -> the address, or nil if there is none; nil and a warning of the run if
                              it is no address: the invoice goes on without it
]]

local given = require "given"
local current = require "current"

local email = {}

function email.is(text)
  return type(text) == "string"
    and text:find("^[^%s@<>,;]+@[^%s@<>,;]+%.[^%s@<>,;%.]+$") ~= nil
end

function email.usable(text)
  text = given.text(text)
  if not text or email.is(text) then return text end
  -- Customer, contact and invoice may name the same one; it is said once.
  current.once("procountor.email\0" .. text, function()
    current.warn('"%s" is no e-mail address and was left out', text)
    return true
  end)
  return nil
end

return email
