-- What `require "attention"` gives: see ending.lua.
return require("ending").attention
