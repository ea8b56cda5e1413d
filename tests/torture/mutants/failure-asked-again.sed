# lua/sync/question.lua
# what stands in the way of a new one is told by each run
/^function question.once/,/^end/s/^  current.before_attention = function(reason)/  if true then return fn(...) end\n&/
