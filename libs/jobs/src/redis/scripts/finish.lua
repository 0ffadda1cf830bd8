-- ARGV: of each run id, fence, what (done, dead, cancelled, retry), pause before the retry (ms), result or error
-- Answers 1 accepted, 2 repeated, 0 rejected: only the fence of the latest claim may speak.
local left, known, owners, answers = {}, {}, {}, {}
for i = 1, #ARGV, 5 do
  local id = ARGV[i]
  local d = known[id] or call('HMGET', P .. 'j:' .. id, 's', 'f', 'k', 't', 'cancel', 'q', 'z')
  known[id] = d
  if d[4] then owners[#owners + 1] = d[4] end
end
if #owners > 0 then look_up(owners) end
for i = 1, #ARGV, 5 do
  local id, fence, what, pause, data = unpack(ARGV, i, i + 4)
  local name = P .. 'j:' .. id
  local d = known[id]
  local kind, tenant = d[3], d[4]
  if d[2] == fence and d[1] ~= 'running' then
    answers[#answers + 1] = 2
  elseif d[2] ~= fence then
    if kind then count('zombies:' .. kind, 1) end
    answers[#answers + 1] = 0
  else
    left[#left + 1] = id
    -- The same run may be told twice in one call.
    d[1] = 'ended'
    leave(tenant)
    -- Nobody wants another attempt of what was cancelled.
    if what == 'retry' and d[5] then what = 'cancelled' end
    if what == 'retry' then
      move(kind, 'running', 'delayed')
      put_off(tenant, 1)
      call('HSET', name, 's', 'delayed', 'err', data, 'due', now + pause)
      call('ZADD', P .. 'delayed', now + pause, id)
      tell(id, d[6], 's', 'delayed')
    else
      move(kind, 'running', what == 'dead' and 'dead' or nil)
      close(id, what, {q = d[6], t = tenant, z = d[7]}, what == 'done' and 'res' or 'err', data)
    end
    answers[#answers + 1] = 1
  end
end
if #left > 0 then call('ZREM', P .. 'lease', unpack(left)) end
settle()
return answers
