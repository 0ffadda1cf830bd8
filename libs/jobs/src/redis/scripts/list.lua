-- ARGV: tenant, state, kind ('' for any), '1' to leave out sequels, size, most to look at, index and score and id where the
-- last page ended
-- Walks the shortest index that holds all that is wanted, newest first, and looks at a bounded number of jobs.
-- Answers the index, the score and id of the last job looked at ('' at the end), and the jobs.
local tenant, state, kind, originals, size, look, index, score, from = unpack(ARGV)
local OF = {running = 'lease', delayed = 'delayed', dead = 'dead', done = 'done', cancelled = 'done', expired = 'done'}
if index == '' then
  index = OF[state] or 'all'
  if tenant ~= '' then
    local mine = 'of:' .. tenant
    if index == 'all' or call('ZCARD', P .. mine) < call('ZCARD', P .. index) then index = mine end
  end
end
local start = 0
if from ~= '' then
  local rank = call('ZREVRANK', P .. index, from)
  -- The job is gone: start at those of its time, and pass by what was shown.
  start = rank and rank + 1 or call('ZCOUNT', P .. index, '(' .. score, '+inf')
end
local found = call('ZRANGE', P .. index, start, start + look - 1, 'REV', 'WITHSCORES')
local jobs, last, at = {}, '', ''
for i = 1, #found, 2 do
  local id = found[i]
  last, at = id, found[i + 1]
  local d = call('HMGET', P .. 'j:' .. id, 's', 't', 'k', 'o')
  local fits = d[1] and (tenant == '' or d[2] == tenant) and (state == '' or d[1] == state)
  local wanted = (kind == '' or d[3] == kind) and not (originals == '1' and d[4])
  if fits and wanted and not (at == score and id >= from and from ~= '') then
    jobs[#jobs + 1] = {id, call('HGETALL', P .. 'j:' .. id)}
    if #jobs == tonumber(size) then break end
  end
  if i + 1 == #found and #found < look * 2 then last = '' end
end
return {index, at, last, jobs}
