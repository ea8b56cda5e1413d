-- What `require "secret"` gives: see handle.lua.
return require("handle").secret
