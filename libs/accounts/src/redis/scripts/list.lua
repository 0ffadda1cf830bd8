-- ARGV: owner ('' for all), size, the last id of the page before ('' at the start).
-- Answers the id to go on from ('' at the end), then records and when each was revoked.
local owner, size = ARGV[1], tonumber(ARGV[2])
local name = owner == '' and P .. 'ids' or P .. 'ids:' .. owner
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local ids = call('ZRANGE', name, from, '+', 'BYLEX', 'LIMIT', 0, size + 1)
local more = #ids > size
if more then ids[#ids] = nil end
local answer = {more and ids[#ids] or ''}
for _, id in ipairs(ids) do
  local found = call('HMGET', P .. 'k:' .. id, 'v', 'r')
  if found[1] then
    answer[#answer + 1] = found[1]
    answer[#answer + 1] = found[2] or ''
  else
    call('ZREM', name, id)
    call('ZREM', P .. 'ids', id)
  end
end
return answer
