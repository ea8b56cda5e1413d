# lua/connectors/pipedrive/customers.lua pipedrive
# somebody's write of the same counts as ours
s/ and not last.by_hand$//
