# lua/sync/pair.lua
# who was left when its organization was deleted is asked about again
s/what == "ask" and active and base.gone ~= "crm"/what == "ask" and active/
