-- ARGV: id, how long ended keys are kept (ms). Answers as `find` does.
local name = P .. 'k:' .. ARGV[1]
local found = call('HMGET', name, 'v', 'r', 'd')
if not found[1] then return {} end
if not found[2] then
  found[2] = now
  call('HSET', name, 'r', now)
  -- From its end on, whether that is now or was before.
  local ends = call('PTTL', name)
  if ends < 0 or ends > tonumber(ARGV[2]) then
    call('PEXPIRE', name, ARGV[2])
    call('PEXPIRE', P .. 'd:' .. found[3], ARGV[2])
  end
end
return {found[1], tostring(found[2])}
