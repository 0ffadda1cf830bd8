-- ARGV: most. Takes back jobs whose lease has ended: their worker went away, or was stopped, or cannot reach us.
-- The fence moves on, so that whatever that worker still says is refused. Recoveries are not attempts: the handler
-- has not failed. A job that takes worker after worker with it is dead.
-- Answers recovered, dead, cancelled.
local ids = call('ZRANGE', P .. 'lease', '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
local recovered, dead, cancelled = 0, 0, 0
local limit = tonumber(call('HGET', P .. 'conf', 'recoveries') or 3)
for _, id in ipairs(ids) do
  local name = P .. 'j:' .. id
  local d = call('HMGET', name, 's', 'f', 'k', 't', 'cancel', 'q', 'a', 'r', 'z')
  if d[1] == 'running' then
    local kind, recoveries = d[3], (d[8] or 0) + 1
    call('HSET', name, 'f', d[2] + 1, 'a', d[7] - 1, 'r', recoveries)
    count('recoveries:' .. kind, 1)
    if d[5] then
      cancelled = cancelled + 1
      move(kind, 'running', nil)
      leave(d[4])
      close(id, 'cancelled', {q = d[6], t = d[4], z = d[9]})
    elseif recoveries >= limit then
      dead = dead + 1
      move(kind, 'running', 'dead')
      leave(d[4])
      close(id, 'dead', {q = d[6], t = d[4], z = d[9]}, 'err', 'the worker went away ' .. recoveries .. ' times')
    else
      recovered = recovered + 1
      move(kind, 'running', 'waiting')
      call('HSET', name, 's', 'ready')
      line(kind, id, flow(kind).now - 1)
      tell(id, d[6], 's', 'ready')
    end
  end
end
if #ids > 0 then call('ZREM', P .. 'lease', unpack(ids)) end
settle()
return {recovered, dead, cancelled}
