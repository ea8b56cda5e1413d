# lua/sync/pair.lua
# what is chosen for one field is chosen for all
s/local chosen = given.text(choice\[name\]) or settings.owner(name)/local _, first = next(choice)\n    local chosen = given.text(first) or settings.owner(name)/
