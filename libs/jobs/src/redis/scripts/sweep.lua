-- ARGV: most. Answers expired, removed, mended.
local most, expired, removed, mended = tonumber(ARGV[1]), 0, 0, 0

-- Jobs that waited too long. The others in `ttl` were claimed in time.
local due = call('ZRANGE', P .. 'ttl', '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
for _, id in ipairs(due) do
  local d = call('HMGET', P .. 'j:' .. id, 's', 'k', 't', 'q', 'b', 'z')
  -- What has run once is in the handler's hands, also while it waits for another attempt.
  if not d[5] and (d[1] == 'ready' or d[1] == 'parked' or d[1] == 'delayed') then
    if d[1] == 'ready' then call('ZREM', P .. 'ready:' .. d[2], id); leave(d[3]) end
    if d[1] == 'parked' then call('ZREM', P .. 'park:' .. d[3], id) end
    if d[1] == 'delayed' then call('ZREM', P .. 'delayed', id); put_off(d[3], -1) end
    move(d[2], d[1] == 'delayed' and 'delayed' or 'waiting', nil)
    close(id, 'expired', {q = d[4], t = d[3], z = d[6]})
    expired = expired + 1
  end
end
if #due > 0 then call('ZREM', P .. 'ttl', unpack(due)) end

-- Jobs that were kept long enough.
local kept = call('HMGET', P .. 'conf', 'done_kept', 'dead_kept')
for i, set in ipairs({'done', 'dead'}) do
  local age = kept[i] or (i == 1 and 86400000 or 1209600000)
  local ids = call('ZRANGE', P .. set, '-inf', now - age, 'BYSCORE', 'LIMIT', 0, most)
  for _, id in ipairs(ids) do
    local d = call('HMGET', P .. 'j:' .. id, 't', 'k')
    if d[1] then
      if set == 'dead' then move(d[2], 'dead', nil) end
      remove(id, d[1])
    end
    removed = removed + 1
  end
  if #ids > 0 then call('ZREM', P .. set, unpack(ids)) end
end

-- A job that runs without a lease would never come back. No script leaves one, but operators, bugs and half a restored
-- backup do; the counts show it, and then a part of all jobs is looked through at each sweep.
local running = tonumber(call('HGET', P .. 'n', 'running') or 0)
if running ~= call('ZCARD', P .. 'lease') then
  local seen = call('ZSCAN', P .. 'all', call('HGET', P .. 'n', 'cursor') or 0, 'COUNT', most * 10)
  call('HSET', P .. 'n', 'cursor', seen[1])
  for i = 1, #seen[2], 2 do
    local id = seen[2][i]
    if call('HGET', P .. 'j:' .. id, 's') == 'running' and not call('ZSCORE', P .. 'lease', id) then
      leases[#leases + 1] = now
      leases[#leases + 1] = id
      mended = mended + 1
    end
  end
end

-- Tags in the past are the same as none; without this a queue would remember every tenant it ever had.
for _, kind in ipairs(call('HKEYS', P .. 'n')) do
  kind = string.match(kind, '^attempts:(.*)$')
  if kind then
    local name = P .. 'vt:' .. kind
    local seen = call('HSCAN', name, call('HGET', P .. 'n', 'vt:' .. kind) or 0, 'COUNT', most)
    call('HSET', P .. 'n', 'vt:' .. kind, seen[1])
    for i = 1, #seen[2], 2 do
      if seen[2][i] ~= 'now' and tonumber(seen[2][i + 1]) < flow(kind).now then call('HDEL', name, seen[2][i]) end
    end
  end
end
settle()
return {expired, removed, mended}
