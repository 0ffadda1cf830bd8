-- ARGV: id, after, most. Opens the job's stream if nobody did, with the state it is in as its first event.
-- Answers the number of the last event, whether the job has ended, and the events that are still kept.
local id = ARGV[1]
local d = call('HMGET', P .. 'j:' .. id, 's', 'q')
if not d[1] then return {} end
if not d[2] then
  tell(id, 0, 's', d[1])
  d[2] = 1
end
local found = call('XRANGE', P .. 'e:' .. id, string.format('(%s-0', ARGV[2]), '+', 'COUNT', ARGV[3])
local ended = d[1] == 'done' or d[1] == 'dead' or d[1] == 'cancelled' or d[1] == 'expired'
return {tonumber(d[2]), ended and 1 or 0, found}
