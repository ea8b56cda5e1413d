-- What `require "env"` gives: see handle.lua.
return require("handle").env
