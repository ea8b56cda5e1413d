--[[
The copy that the host keeps of a list of an outside system (its products, say), to find what is
alike without asking for it word by word. It is a cache, at most match-fresh old: what it finds is
read again there before it counts.

  catalogue.find(connection, name, record, put, remove, options)
      -> { decision, meant = id or nil, candidates = { { id, score }, ... }, explain, changed, count }
         as match.index's find (meant: what a link or review is about); or nil and why there is no
         catalogue (yet)
  catalogue.put(connection, name, records)   records were just written or read there

options = { cover, margin, no_veto, veto }, as match.index has them.
record = { name, code, gtin, brand, text, unit, price }. put: records as the outside system gives
them; remove: ids of records that are gone. Both are done before the record is looked for, and
`changed` says how many of them were news. Each call is a step: its answer is in the journal.
]]

local json = require "json"
local current = require "current"

local catalogue = {}

function catalogue.find(connection, name, record, put, remove, options)
  local set = options or {}
  local answer = current.step { op = "match", connection = connection, catalogue = name,
    record = record, put = put and json.array(put), remove = remove and json.array(remove),
    cover = set.cover, margin = set.margin, no_veto = set.no_veto and json.array(set.no_veto),
    veto = set.veto and json.array(set.veto) }
  if answer.failed then return nil, answer.problem end
  if not answer.ready then return nil, answer.why end
  if answer.meant == json.null then answer.meant = nil end
  return answer
end

function catalogue.put(connection, name, records)
  current.step { op = "match", connection = connection, catalogue = name, put = json.array(records) }
end

return catalogue
