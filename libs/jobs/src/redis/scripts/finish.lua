-- ARGV: of each run id, fence, what (done, dead, cancelled, retry), pause before the retry (ms), result or error
-- Answers 1 accepted, 2 repeated, 0 rejected: only the fence of the latest claim may speak.
local ended, answers = {}, {}
for i = 1, #ARGV, 5 do
  local id, fence, what, pause, data = unpack(ARGV, i, i + 4)
  local name = P .. 'j:' .. id
  local d = call('HMGET', name, 's', 'f', 'k', 't', 'cancel', 'q', 'p')
  local kind, tenant = d[3], d[4]
  if d[2] == fence and d[1] ~= 'running' then
    answers[#answers + 1] = 2
  elseif d[2] ~= fence then
    if kind then count('zombies:' .. kind, 1) end
    answers[#answers + 1] = 0
  else
    ended[#ended + 1] = id
    leave(tenant)
    -- Nobody wants another attempt of what was cancelled.
    if what == 'retry' and d[5] then what = 'cancelled' end
    if what == 'retry' then
      move(kind, 'running', 'delayed')
      call('HSET', name, 's', 'delayed', 'err', data, 'due', now + pause)
      call('ZADD', P .. 'delayed', now + pause, id)
      tell(id, d[6], 's', 'delayed')
    else
      move(kind, 'running', what == 'dead' and 'dead' or nil)
      close(id, what, {q = d[6]}, what == 'done' and 'res' or 'err', data)
    end
    answers[#answers + 1] = 1
  end
end
if #ended > 0 then call('ZREM', P .. 'lease', unpack(ended)) end
settle()
return answers
