# lua/sync/question.lua
# who a person said is another one is asked about again
/^local function add_is_not/,/^end/s/^  base.is_not = array(list)//
