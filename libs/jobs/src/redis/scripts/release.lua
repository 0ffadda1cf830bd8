-- ARGV: of each run id, fence. Back to the head of the line; the attempt is not spent, the fence is.
-- Answers 1 accepted, 0 rejected.
local back, answers = {}, {}
for i = 1, #ARGV, 2 do
  local id = ARGV[i]
  local name = P .. 'j:' .. id
  local d = call('HMGET', name, 's', 'f', 'k', 't', 'cancel', 'q', 'a', 'z')
  if d[1] == 'running' and d[2] == ARGV[i + 1] then
    back[#back + 1] = id
    call('HSET', name, 'f', d[2] + 1, 'a', d[7] - 1)
    if d[5] then
      move(d[3], 'running', nil)
      leave(d[4])
      close(id, 'cancelled', {q = d[6], t = d[4], z = d[8]})
    else
      move(d[3], 'running', 'waiting')
      call('HSET', name, 's', 'ready')
      line(d[3], id, flow(d[3]).now - 1)
      tell(id, d[6], 's', 'ready')
    end
    answers[#answers + 1] = 1
  else
    answers[#answers + 1] = 0
  end
end
if #back > 0 then call('ZREM', P .. 'lease', unpack(back)) end
settle()
return answers
