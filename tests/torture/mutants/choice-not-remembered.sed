# lua/sync/pair.lua
# what was asked once counts as asked for ever
s/^  return (open or asked.about == about) and asked.run or nil/  return asked.run/
/^  elseif base.asked then/,/^  end/s/base.asked, link.touched = nil, true/link.touched = true/
