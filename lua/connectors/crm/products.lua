--[[
What products in Pipedrive and in HubSpot have in common: how product_catalogue compares
and writes them.

  products.name(own, names, field)  -> the CRM's name of a field of ours: its own (own), one that the
                              company made (names, the connection's product_fields), or itself if it is
                              none of ours; nil: there is no place for it
  products.with(parts, object) -> object, with differs and tell (connectors/crm.lua)

parts = { changed(fields, record) -> what of fields is another there (record nil: all), or nil,
refuses(fields) -> nil, or why they cannot be written, change(record, body, fields, what),
create(code, body, what) }
]]

local shape = require "connectors.crm.shape"

local products = {}

function products.name(own, names, field)
  return own[field] or names[field] or (not shape.PRODUCT[field] and field) or nil
end

function products.with(parts, object)
  -- A product that is not there is nothing to be taken out of sale.
  function object.differs(fields, there)
    if not there then return fields.active == true end
    return parts.changed(fields, there.record) ~= nil
  end
  function object.tell(code, fields, there)
    if not object.differs(fields, there) then return false end
    local problem = parts.refuses and parts.refuses(fields)
    if problem then return nil, problem end
    local body, what = parts.changed(fields, there and there.record), "product " .. code
    if there then
      parts.change(there.record, body, fields, what)
    else
      parts.create(code, body, what)
    end
    return true
  end
  return object
end

return products
