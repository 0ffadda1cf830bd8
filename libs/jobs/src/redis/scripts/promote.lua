-- ARGV: most. Lets delayed jobs into the line that are due, and parked ones whose tenant has room again, as after a
-- cap was raised. Two promoters at once cannot take the same job. Answers how many moved.
local most, moved = tonumber(ARGV[1]), 0
local ids = call('ZRANGE', P .. 'delayed', '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
for _, id in ipairs(ids) do
  local name = P .. 'j:' .. id
  local d = call('HMGET', name, 's', 'k', 't', 'p', 'q')
  if d[1] == 'delayed' then
    local state = admit(id, d[2], d[3], d[4])
    call('HSET', name, 's', state, 'due', now)
    move(d[2], 'delayed', 'waiting')
    put_off(d[3], -1)
    tell(id, d[5], 's', state)
    moved = moved + 1
  end
end
if #ids > 0 then call('ZREM', P .. 'delayed', unpack(ids)) end
-- Whoever was looked at goes to the end, so that all get their turn.
for _, tenant in ipairs(call('ZRANGE', P .. 'parked', 0, 9)) do
  call('ZADD', P .. 'parked', now, tenant)
  moved = moved + unpark(tenant, most)
end
settle()
return moved
