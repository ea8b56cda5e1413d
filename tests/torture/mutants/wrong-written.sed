# lua/sync/pair.lua
# what Procountor would not take is written
s/^      if problem then$/      if false then/
