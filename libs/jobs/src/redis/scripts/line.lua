-- Stands before every script: the clock, the counts, and the ways into and out of the line.
--
-- KEYS[1] is the prefix of all keys of one shard, hash tag included, so that a cluster finds the slot (KEYS[2] is there
-- for a cluster that moves the slot, see server.rs):
--   j:<id> the job   b:<id> its payload and headers   e:<id> its events   dd:<tenant>:<key> idempotency
--   ready:<kind> ids by fair tag   vt:<kind> tags of flows   bell:<kind> one token while there is news
--   park:<tenant> ids that wait for their tenant   parked tenants   open tenant -> ready + running
--   later tenant -> delayed
--   delayed, lease, ttl ids by due time   done, dead ids by end   all, of:<tenant> ids by birth
--   last:<worker> what its last claim gave   conf limits and pauses   n counts   cron, cron:spec schedules
--
-- Fairness is start-time fair queueing. A flow is a tenant at one priority; its jobs get tags 1/(weight * share)
-- apart, never before the tag that was claimed last, and the lowest tag runs first.
-- A job's hash has its sequel as `z` and `zb` (its kind, and its body as b:<id> will have it) and counts its ends as `zn`; the
-- hash of a sequel has as `o` the job that ended, how and when.
local P, call = KEYS[1], redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local SHARE = {high = 16, normal = 4, low = 1}
local HEAD_START = {high = 60000, normal = 0, low = -60000}

-- Changes are gathered here and written by settle(), one command for each key instead of one for each job.
local counts, seats, flows, ready, leases, ended, gone, news = {}, {}, {}, {}, {}, {}, {}, {}
local later = {}

local function count(field, by) counts[field] = (counts[field] or 0) + by end

local function move(kind, from, to)
  if from then count(from .. ':' .. kind, -1); count(from, -1) end
  if to then count(to .. ':' .. kind, 1); count(to, 1) end
end

-- A delayed job of this tenant more, or less.
local function put_off(tenant, by) later[tenant] = (later[tenant] or 0) + by end

-- A tenant's jobs under way and its limits. `capped` is whether anybody has a cap; most queues never look further.
local capped = nil
local opened = {}

-- Reads what is known of many tenants in one command, for scripts that meet many.
local function look_up(tenants)
  local found = call('HMGET', P .. 'open', unpack(tenants))
  for i = 1, #tenants do opened[tenants[i]] = found[i] or 0 end
end

local function seat(tenant)
  local s = seats[tenant]
  if s then return s end
  if capped == nil then capped = call('HGET', P .. 'conf', 'capped') or false end
  local open = tonumber(opened[tenant] or call('HGET', P .. 'open', tenant) or 0)
  s = {open = open, was = open, weight = 1}
  if capped then
    local own = call('HMGET', P .. 'conf', 'cap', 'cap:' .. tenant, 'weight:' .. tenant)
    s.cap, s.weight = tonumber(own[2] or own[1] or nil), tonumber(own[3] or 1)
  end
  seats[tenant] = s
  return s
end

local function flow(kind)
  local f = flows[kind]
  if not f then
    f = {now = tonumber(call('HGET', P .. 'vt:' .. kind, 'now') or 0), tags = {}}
    flows[kind] = f
  end
  return f
end

local function tag(kind, tenant, priority)
  local f, name = flows[kind], tenant .. ' ' .. priority
  local last = f and f.tags[name]
  if not last then
    local read = call('HMGET', P .. 'vt:' .. kind, name, 'now')
    last = tonumber(read[1] or 0)
    if not f then f = {now = tonumber(read[2] or 0), tags = {}}; flows[kind] = f end
  end
  local start = math.max(f.now, last)
  f.tags[name] = start + 1 / (SHARE[priority] * seat(tenant).weight)
  return start
end

local function line(kind, id, at)
  local r = ready[kind]
  if not r then r = {}; ready[kind] = r end
  r[#r + 1] = at
  r[#r + 1] = id
  news[kind] = true
end

-- Into the line, or beside it where the tenant is at its cap. The jobs in line and those that run are within the cap
-- together, so a claim never meets a job that it has to pass over.
local function admit(id, kind, tenant, priority)
  local s = seat(tenant)
  if s.cap and s.open >= s.cap then
    call('ZADD', P .. 'park:' .. tenant, now - HEAD_START[priority], id)
    call('ZADD', P .. 'parked', 'NX', 0, tenant)
    return 'parked'
  end
  s.open = s.open + 1
  line(kind, id, tag(kind, tenant, priority))
  return 'ready'
end

-- Lets the longest parked jobs of a tenant into the line, as far as its cap allows.
local function unpark(tenant, most)
  local s, moved = seat(tenant), 0
  local room = math.min(most, s.cap and s.cap - s.open or most)
  if room <= 0 then return 0 end
  local ids = call('ZPOPMIN', P .. 'park:' .. tenant, room)
  for i = 1, #ids, 2 do
    local id = ids[i]
    local d = call('HMGET', P .. 'j:' .. id, 'k', 'p', 's')
    if d[3] == 'parked' then
      s.open = s.open + 1
      line(d[1], id, tag(d[1], tenant, d[2]))
      call('HSET', P .. 'j:' .. id, 's', 'ready')
      moved = moved + 1
    end
  end
  if #ids < room * 2 then call('ZREM', P .. 'parked', tenant) end
  return moved
end

-- A job of this tenant is no longer under way.
local function leave(tenant)
  local s = seat(tenant)
  s.open = s.open - 1
  if s.cap then unpark(tenant, 1) end
end

-- Only jobs that somebody watches, or that report progress, have a stream: `q` is the number of its last event.
local function tell(id, q, what, data)
  if not q then return end
  call('HSET', P .. 'j:' .. id, 'q', q + 1)
  local kept = call('HGET', P .. 'conf', 'events') or 256
  call('XADD', P .. 'e:' .. id, 'MAXLEN', kept, string.format('%d-0', q + 1), 't', now, what, data)
end

-- What follows the end of a job. Its name comes of the job's and of the number of that end, so that none is made twice; no
-- depth refuses it.
local function follow(id, state, d)
  local n = call('HINCRBY', P .. 'j:' .. id, 'zn', 1)
  local next = string.sub(redis.sha1hex(id .. ' ' .. n), 1, 32)
  local s = admit(next, d.z, d.t, 'normal')
  local origin = string.format('%s %s %d', id, state, now)
  call('HSET', P .. 'j:' .. next, 's', s, 'k', d.z, 't', d.t, 'p', 'normal', 'c', now, 'o', origin)
  call('SET', P .. 'b:' .. next, call('HGET', P .. 'j:' .. id, 'zb') or '')
  call('ZADD', P .. 'all', now, next)
  call('ZADD', P .. 'of:' .. d.t, now, next)
  move(d.z, nil, 'waiting')
end

-- A job is at its end; `d` has the number of its last event, its tenant, and the kind of its sequel if it has one.
local function close(id, state, d, ...)
  call('HSET', P .. 'j:' .. id, 's', state, 'e', now, ...)
  local set = state == 'dead' and 'dead' or 'done'
  local e = ended[set] or {}
  ended[set] = e
  e[#e + 1] = now
  e[#e + 1] = id
  if state ~= 'dead' then gone[#gone + 1] = P .. 'b:' .. id end
  tell(id, d.q, 's', state)
  if d.z then follow(id, state, d) end
end

local function remove(id, tenant)
  call('ZREM', P .. 'all', id)
  call('ZREM', P .. 'of:' .. tenant, id)
  gone[#gone + 1] = P .. 'j:' .. id
  gone[#gone + 1] = P .. 'b:' .. id
  gone[#gone + 1] = P .. 'e:' .. id
end

local function settle()
  local fields, by, tenants, empty = {}, {}, {}, {}
  for field, delta in pairs(counts) do
    if delta ~= 0 then fields[#fields + 1] = field; by[#by + 1] = delta end
  end
  if #fields > 0 then
    local old, new = call('HMGET', P .. 'n', unpack(fields)), {}
    for i = 1, #fields do
      new[i * 2 - 1] = fields[i]
      new[i * 2] = (old[i] or 0) + by[i]
    end
    call('HSET', P .. 'n', unpack(new))
  end
  for tenant, s in pairs(seats) do
    if s.open == s.was then -- nothing to write
    elseif s.open > 0 then tenants[#tenants + 1] = tenant; tenants[#tenants + 1] = s.open
    else empty[#empty + 1] = tenant end
  end
  if #tenants > 0 then call('HSET', P .. 'open', unpack(tenants)) end
  if #empty > 0 then call('HDEL', P .. 'open', unpack(empty)) end
  for tenant, by in pairs(later) do
    if by ~= 0 and call('HINCRBY', P .. 'later', tenant, by) <= 0 then call('HDEL', P .. 'later', tenant) end
  end
  for kind, f in pairs(flows) do
    local set = {'now', f.now}
    for name, at in pairs(f.tags) do set[#set + 1] = name; set[#set + 1] = at end
    call('HSET', P .. 'vt:' .. kind, unpack(set))
  end
  for kind, r in pairs(ready) do call('ZADD', P .. 'ready:' .. kind, unpack(r)) end
  for set, e in pairs(ended) do call('ZADD', P .. set, unpack(e)) end
  if #leases > 0 then call('ZADD', P .. 'lease', unpack(leases)) end
  if #gone > 0 then call('DEL', unpack(gone)) end
  -- One token is enough: who takes it and leaves work behind rings again.
  for kind in pairs(news) do
    if call('LLEN', P .. 'bell:' .. kind) == 0 then call('RPUSH', P .. 'bell:' .. kind, 1) end
  end
end
