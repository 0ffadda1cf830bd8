-- Stands before every script: the clock, and the books of accounts.
--
-- KEYS[1] is the prefix of all names, hash tag included, so that a cluster finds the one slot that all are in (KEYS[2] is
-- there for a cluster that moves the slot, see server.rs):
--   k:<id> a key: `v` its record, `r` when it was revoked   d:<sha256> its id   ids, ids:<owner> ids by birth
--   a:<account> its books   s:<account> reservations with a slot, by the end of their lease   b:<id> a reservation
--
-- The arithmetic is that of counters/tally.rs, which says why. All numbers are whole and below 2^53, so they are exact.
local P, call = KEYS[1], redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local WEIGHT, DAY = 60000, 86400000
-- How long books are kept: longer than a month lasts.
local BOOKS_KEPT, SETTLED_WITHIN = 40 * DAY, 3600000

-- A day since 1970 and a month as twelve times the year and 0 for January, of a time in milliseconds.
local function calendar(millis)
  local day = math.floor(millis / DAY)
  -- Counted from the 1st of March of the year 0, so that a leap day is the last of its year.
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local march = math.floor((5 * doy + 2) / 153)
  local month = march < 10 and march + 2 or march - 10
  local year = yoe + era * 400 + (month < 2 and 1 or 0)
  return day, year * 12 + month
end
local today, this_month = calendar(now)

local function whole(number) return string.format('%.0f', number) end

-- The books of an account, brought up to now. `rpm` and `tpm` are its limits of a minute, or nil.
local function open(account, rpm, tpm)
  local f = call('HMGET', P .. 'a:' .. account, 'at', 'rq', 'tk', 'day', 'rd', 'td', 'mon', 'rm', 'tm', 'hd', 'hu')
  for i = 1, 11 do f[i] = tonumber(f[i] or 0) end
  local b = {name = account, at = f[1], rq = f[2], tk = f[3], day = f[4], rd = f[5], td = f[6], mon = f[7], rm = f[8], tm = f[9],
    hd = f[10], hu = f[11]}
  local passed = math.max(0, now - b.at)
  b.at = math.max(b.at, now)
  b.rq = rpm and math.max(0, b.rq - rpm * passed) or 0
  b.tk = tpm and math.max(0, b.tk - tpm * passed) or 0
  if now >= b.hu then b.hd = 0 end
  if today > b.day then b.day, b.rd, b.td, b.hd = today, 0, 0, 0 end
  if this_month > b.mon then b.mon, b.rm, b.tm = this_month, 0, 0 end
  return b
end

local function close(b)
  local name = P .. 'a:' .. b.name
  call('HSET', name, 'at', whole(b.at), 'rq', whole(b.rq), 'tk', whole(b.tk), 'day', b.day, 'rd', whole(b.rd), 'td',
    whole(b.td), 'mon', b.mon, 'rm', whole(b.rm), 'tm', whole(b.tm), 'hd', whole(b.hd), 'hu', whole(b.hu))
  call('PEXPIRE', name, BOOKS_KEPT)
end

-- Reservations of an account that hold a slot.
local function running(account)
  local name = P .. 's:' .. account
  call('ZREMRANGEBYSCORE', name, '-inf', now)
  return call('ZCARD', name)
end

local function hold(account, id, lease)
  local name = P .. 's:' .. account
  call('ZADD', name, now + lease, id)
  -- The last lease ends last: the set is of no use after it.
  call('PEXPIRE', name, lease + SETTLED_WITHIN)
end
