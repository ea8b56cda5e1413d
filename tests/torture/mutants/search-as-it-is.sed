# lua/connectors/hubspot/customers.lua hubspot
# what the search says is taken, behind as it is
s/^    return by_ids(connection, wanted, ids)/    return records(wanted, client.search(connection, PATH, names[name], { text }, wanted))/
