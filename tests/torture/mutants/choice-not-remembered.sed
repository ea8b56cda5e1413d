# lua/sync/pair.lua
# what was asked once counts as asked for ever
s/if base.asked and base.asked.about == about and base.asked.run ~= run then/if base.asked and base.asked.run ~= run then/
/^  elseif base.asked then/,/^  end/s/base.asked, link.touched = nil, true/link.touched = true/
