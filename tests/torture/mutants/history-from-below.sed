# lua/connectors/pipedrive/customers.lua pipedrive
# the history is read from its old end
s/^  local first = goes_back(entries, 1, #entries, 1) and entries\[1\]/  local first/
