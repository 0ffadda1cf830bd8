-- ARGV: lease (ms), then of each run id, fence, '1' if there is progress, the progress
-- Answers 1 alive, 2 cancel, 0 lost.
local deadline, answers = now + ARGV[1], {}
for i = 2, #ARGV, 4 do
  local id = ARGV[i]
  local d = call('HMGET', P .. 'j:' .. id, 's', 'f', 'k', 'cancel', 'q')
  if d[1] == 'running' and d[2] == ARGV[i + 1] then
    leases[#leases + 1] = deadline
    leases[#leases + 1] = id
    if ARGV[i + 2] == '1' then
      call('HSET', P .. 'j:' .. id, 'progress', ARGV[i + 3])
      -- Whoever watches only now wants to know first that it runs.
      if not d[5] then tell(id, 0, 's', 'running') end
      tell(id, d[5] or 1, 'p', ARGV[i + 3])
    end
    answers[#answers + 1] = d[4] and 2 or 1
  else
    if d[3] then count('zombies:' .. d[3], 1) end
    answers[#answers + 1] = 0
  end
end
settle()
return answers
