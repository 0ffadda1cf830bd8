-- ARGV: worker, lease (ms), most, a number of this call, '1' if it is called again; then of each kind its name and room
-- Answers the time and of each job: id, kind, tenant, priority, fence, attempt, recoveries, created, due, body.
-- Taking a job and owning it is this one step. If the answer is lost, the worker calls again and is told what it has;
-- if the worker is lost as well, the lease ends.
local asked = {'paused', 'running', 'capped'}
for i = 6, #ARGV, 2 do
  asked[#asked + 1] = 'paused:' .. ARGV[i]
  asked[#asked + 1] = 'running:' .. ARGV[i]
end
local last = P .. 'last:' .. ARGV[1]
if ARGV[5] == '1' then
  local given, jobs = call('GET', last) or '', {}
  if string.match(given, '^%d+') == ARGV[4] then
    for id, fence in string.gmatch(given, ' (%w+):(%d+)') do
      local d = call('HMGET', P .. 'j:' .. id, 'k', 't', 'p', 'f', 'a', 'r', 'c', 'due', 's')
      if d[4] == fence and d[9] == 'running' then
        local body = call('GET', P .. 'b:' .. id) or ''
        jobs[#jobs + 1] = {id, d[1], d[2], d[3], d[4], d[5], d[6] or 0, d[7], d[8] or d[7], body}
      end
    end
    return {now, jobs}
  end
end
local conf, running = call('HMGET', P .. 'conf', unpack(asked)), call('HMGET', P .. 'n', unpack(asked))
if conf[1] then return {now, {}} end
local want, jobs, bodies = tonumber(ARGV[3]), {}, {}
if conf[2] then want = math.min(want, conf[2] - (running[2] or 0)) end
local deadline = now + ARGV[2]
capped = conf[3] or false

-- What is taken out of the line runs, unless its time is over or its tenant's cap was lowered meanwhile.
local function take(id, kind)
  local name = P .. 'j:' .. id
  local d = call('HMGET', name, 's', 't', 'p', 'f', 'a', 'r', 'c', 'x', 'q', 'due', 'b')
  local tenant = d[2]
  if d[1] ~= 'ready' then return false end
  if d[8] and not d[11] and tonumber(d[8]) <= now then
    leave(tenant)
    move(kind, 'waiting', nil)
    close(id, 'expired', {q = d[9], t = tenant, z = call('HGET', name, 'z')})
    return false
  end
  if capped and seat(tenant).cap and seat(tenant).open > seat(tenant).cap then
    seat(tenant).open = seat(tenant).open - 1
    call('HSET', name, 's', admit(id, kind, tenant, d[3]))
    return false
  end
  -- The time, so that no fence is given twice even where a failover has forgotten the last one.
  local fence, attempt = math.max((d[4] or 0) + 1, now), (d[5] or 0) + 1
  call('HSET', name, 's', 'running', 'f', fence, 'a', attempt, 'w', ARGV[1], 'b', now)
  tell(id, d[9], 's', 'running')
  leases[#leases + 1] = deadline
  leases[#leases + 1] = id
  bodies[#bodies + 1] = P .. 'b:' .. id
  jobs[#jobs + 1] = {id, kind, tenant, d[3], fence, attempt, d[6] or 0, d[7], d[10] or d[7]}
  return true
end

for i = 6, #ARGV, 2 do
  local kind, k = ARGV[i], i - 2
  local room = math.min(want, tonumber(ARGV[i + 1]))
  if conf[k + 1] then room = math.min(room, conf[k + 1] - (running[k + 1] or 0)) end
  -- A few more rounds make up for jobs that could not run; a bound, so that nobody waits long behind this call.
  local rounds, taken, last = 4, 0, nil
  while room > taken and rounds > 0 and not conf[k] do
    local asks = room - taken
    local popped = call('ZPOPMIN', P .. 'ready:' .. kind, asks)
    for j = 1, #popped, 2 do
      if take(popped[j], kind) then taken = taken + 1 end
    end
    last = popped[#popped] or last
    rounds = #popped == asks * 2 and rounds - 1 or 0
    if rounds > 0 and call('ZCARD', P .. 'ready:' .. kind) > 0 then news[kind] = true end
  end
  if last then
    flow(kind).now = math.max(flow(kind).now, tonumber(last))
    count('waiting:' .. kind, -taken); count('waiting', -taken)
    count('running:' .. kind, taken); count('running', taken)
    count('attempts:' .. kind, taken)
    want = want - taken
  end
end
if #jobs > 0 then
  local found = call('MGET', unpack(bodies))
  local given = {ARGV[4]}
  for i = 1, #jobs do
    jobs[i][10] = found[i] or ''
    given[i + 1] = string.format("%s:%d", jobs[i][1], jobs[i][5])
  end
  call('SET', last, table.concat(given, ' '), 'PX', ARGV[2])
end
settle()
return {now, jobs}
