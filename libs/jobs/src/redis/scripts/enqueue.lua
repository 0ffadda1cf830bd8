-- ARGV: schedule, its tick, its next tick ('' each, without one); then of each job
--   id, kind, tenant, priority, delay, time to live (ms, '' for none), idempotency key ('' for none), fingerprint, body,
--   its sequel ('' for none; its kind, a space, and its body)
-- Answers of each job: its state if it is new, or {why, id}. An empty answer: another worker had the tick.
if ARGV[1] ~= '' and call('ZSCORE', P .. 'cron', ARGV[1]) ~= ARGV[2] then return {} end
local conf = call('HMGET', P .. 'conf', 'depth', 'tenant_depth', 'keys', 'capped')
capped = conf[4] or false
local waiting = call('HMGET', P .. 'n', 'waiting', 'delayed')
local room = (tonumber(conf[1]) or 1000000) - (waiting[1] or 0) - (waiting[2] or 0)
local answers, bodies, all, of, names, seen, full = {}, {}, {}, {}, {}, {}, false
local owners = {}
for i = 4, #ARGV, 10 do
  names[#names + 1] = P .. 'j:' .. ARGV[i]
  owners[#owners + 1] = ARGV[i + 2]
end
-- A tick may start nothing.
if #names > 0 then look_up(owners) end
-- One question for all: that none exists is the rule, and a repeated call after a lost reply the exception.
local known = #names > 0 and call('EXISTS', unpack(names)) > 0

-- All that a tenant has here, what this call has added included.
local function held(tenant)
  local delayed = (call('HGET', P .. 'later', tenant) or 0) + (later[tenant] or 0)
  return seat(tenant).open + call('ZCARD', P .. 'park:' .. tenant) + delayed
end

local function refusal(id, tenant, key, fingerprint)
  if seen[id] or known and call('EXISTS', P .. 'j:' .. id) == 1 then return {'same', id} end
  if key ~= '' then
    local old = call('GET', P .. 'dd:' .. tenant .. ':' .. key)
    -- The job's id comes first and has 32 digits. A job that was deleted frees its key.
    local twin = old and string.sub(old, 1, 32)
    if twin and call('EXISTS', P .. 'j:' .. twin) == 1 then
      return {string.sub(old, 33) == fingerprint and 'same' or 'conflict', twin}
    end
  end
  if room <= 0 then return {'full', 'queue'} end
  if conf[2] and held(tenant) >= tonumber(conf[2]) then return {'full', 'tenant'} end
end

for i = 4, #ARGV, 10 do
  local id, kind, tenant, priority, delay, ttl, key, fingerprint, body = unpack(ARGV, i, i + 8)
  local sequel = ARGV[i + 9]
  local no = refusal(id, tenant, key, fingerprint)
  if no then
    full = full or no[1] == 'full'
    answers[#answers + 1] = no
  else
    room = room - 1
    if key ~= '' then
      call('SET', P .. 'dd:' .. tenant .. ':' .. key, id .. fingerprint, 'PX', conf[3] or 86400000)
    end
    if delay ~= '0' then
      call('ZADD', P .. 'delayed', now + delay, id)
      put_off(tenant, 1)
    end
    local state = delay == '0' and admit(id, kind, tenant, priority) or 'delayed'
    call('HSET', P .. 'j:' .. id, 's', state, 'k', kind, 't', tenant, 'p', priority, 'c', now)
    if sequel ~= '' then
      local space = string.find(sequel, ' ', 1, true)
      call('HSET', P .. 'j:' .. id, 'z', string.sub(sequel, 1, space - 1), 'zb', string.sub(sequel, space + 1))
    end
    if ttl ~= '' then
      call('HSET', P .. 'j:' .. id, 'x', now + ttl)
      call('ZADD', P .. 'ttl', now + ttl, id)
    end
    move(kind, nil, state == 'delayed' and 'delayed' or 'waiting')
    bodies[#bodies + 1] = P .. 'b:' .. id
    bodies[#bodies + 1] = body
    all[#all + 1] = now
    all[#all + 1] = id
    local mine = of[tenant]
    if not mine then mine = {}; of[tenant] = mine end
    mine[#mine + 1] = now
    mine[#mine + 1] = id
    seen[id] = true
    answers[#answers + 1] = state
  end
end
if #bodies > 0 then
  call('MSET', unpack(bodies))
  call('ZADD', P .. 'all', unpack(all))
  for tenant, mine in pairs(of) do call('ZADD', P .. 'of:' .. tenant, unpack(mine)) end
end
-- A full queue keeps the tick, and the schedule tries again.
if ARGV[1] ~= '' and not full then
  if ARGV[3] == '' then call('ZREM', P .. 'cron', ARGV[1]) else call('ZADD', P .. 'cron', ARGV[3], ARGV[1]) end
end
settle()
return answers
