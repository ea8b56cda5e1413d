# lua/sync/pair.lua
# what was in Procountor before the write is remembered as what is there
s/^    agreed\[name\] = { crm = fields\[name\].crm(organization), books = fields\[name\].books(saved) }/    agreed[name] = { crm = fields[name].crm(organization), books = fields[name].books(partner) }/
