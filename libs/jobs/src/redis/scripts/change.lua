-- ARGV: what (cancel, requeue, delete), id. Answers what the job was, or '' for no such job, and what came of it.
local what, id = ARGV[1], ARGV[2]
local name = P .. 'j:' .. id
local d = call('HMGET', name, 's', 'k', 't', 'p', 'q', 'z')
local state, kind, tenant, priority = unpack(d)
if not state then return {'', ''} end
local ended = state == 'done' or state == 'dead' or state == 'cancelled' or state == 'expired'
local came = 'no'
if what == 'cancel' and state == 'running' then
  if call('HSETNX', name, 'cancel', 1) == 1 then tell(id, d[5], 'c', '') end
  came = 'asked'
elseif what == 'cancel' and not ended then
  if state == 'ready' then call('ZREM', P .. 'ready:' .. kind, id); leave(tenant) end
  if state == 'parked' then call('ZREM', P .. 'park:' .. tenant, id) end
  if state == 'delayed' then call('ZREM', P .. 'delayed', id); put_off(tenant, -1) end
  move(kind, state == 'delayed' and 'delayed' or 'waiting', nil)
  close(id, 'cancelled', {q = d[5], t = tenant, z = d[6]})
  came = 'yes'
elseif what == 'requeue' and state == 'dead' then
  call('ZREM', P .. 'dead', id)
  call('HDEL', name, 'r', 'a', 'e', 'cancel', 'x')
  local s = admit(id, kind, tenant, priority)
  call('HSET', name, 's', s, 'due', now)
  move(kind, 'dead', 'waiting')
  tell(id, d[5], 's', s)
  came = 'yes'
elseif what == 'delete' and ended then
  call('ZREM', P .. (state == 'dead' and 'dead' or 'done'), id)
  if state == 'dead' then move(kind, 'dead', nil) end
  remove(id, tenant)
  came = 'yes'
end
settle()
return {state, came}
