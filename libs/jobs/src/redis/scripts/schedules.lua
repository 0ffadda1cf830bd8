-- ARGV: what (put, delete, list, due), then name, next tick, schedule.
-- `list` answers of each its name and text; `due` the time, then of each due one its name, tick and text.
local what, name = ARGV[1], ARGV[2]
if what == 'now' then return now end
if what == 'put' then
  call('HSET', P .. 'cron:spec', name, ARGV[4])
  if ARGV[3] == '' then call('ZREM', P .. 'cron', name) else call('ZADD', P .. 'cron', ARGV[3], name) end
  return 1
elseif what == 'delete' then
  call('ZREM', P .. 'cron', name)
  return call('HDEL', P .. 'cron:spec', name)
elseif what == 'list' then
  return call('HGETALL', P .. 'cron:spec')
end
local due, answer = call('ZRANGE', P .. 'cron', '-inf', now, 'BYSCORE', 'LIMIT', 0, 100, 'WITHSCORES'), {now}
for i = 1, #due, 2 do
  local text = call('HGET', P .. 'cron:spec', due[i])
  if text then
    answer[#answer + 1] = due[i]
    answer[#answer + 1] = due[i + 1]
    answer[#answer + 1] = text
  end
end
return answer
