-- ARGV: id, tokens, lease (ms); then of each account its name and the seven limits in the order of Measure::ALL ('' for
--   none).
-- Answers {1 if granted, now, then of each account its nine books, the number of its reservations
--   under way, what they hold and until when}.
local id, tokens, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local known = call('EXISTS', P .. 'b:' .. id) == 1
local accounts, fits = {}, true

for i = 4, #ARGV, 8 do
  local l = {}
  for n = 1, 7 do l[n] = tonumber(ARGV[i + n]) end
  local b = open(ARGV[i], l[1], l[2])
  b.limits, b.running = l, l[7] and running(b.name) or 0
  accounts[#accounts + 1] = b
  local over = l[1] and b.rq + WEIGHT > l[1] * WEIGHT
    or l[2] and tokens > 0 and b.tk + tokens * WEIGHT > l[2] * WEIGHT
    or l[3] and b.rd + 1 > l[3]
    or l[4] and tokens > 0 and b.td + tokens > l[4]
    or l[5] and b.rm + 1 > l[5]
    or l[6] and tokens > 0 and b.tm + tokens > l[6]
    or l[7] and b.running + 1 > l[7]
  if over then fits = false end
end

if fits and not known then
  -- What settling needs to know: when, how much, and of each account its name, its limit of tokens per minute or 0, and
  -- whether it holds a slot.
  local booking = {whole(now), whole(tokens)}
  for _, b in ipairs(accounts) do
    local l = b.limits
    if l[1] then b.rq = b.rq + WEIGHT end
    if l[2] then b.tk = b.tk + tokens * WEIGHT end
    b.rd, b.rm, b.td, b.tm = b.rd + 1, b.rm + 1, b.td + tokens, b.tm + tokens
    b.hd, b.hu = b.hd + tokens, math.max(b.hu, now + lease)
    if l[7] then
      hold(b.name, id, lease)
      b.running = b.running + 1
    end
    close(b)
    booking[#booking + 1] = b.name
    booking[#booking + 1] = whole(l[1] or 0)
    booking[#booking + 1] = whole(l[2] or 0)
    booking[#booking + 1] = l[7] and '1' or '0'
  end
  call('SET', P .. 'b:' .. id, table.concat(booking, ' '), 'PX', lease + SETTLED_WITHIN)
end

local answer = {(fits or known) and 1 or 0, now}
for _, b in ipairs(accounts) do
  for _, number in ipairs({b.at, b.rq, b.tk, b.day, b.rd, b.td, b.mon, b.rm, b.tm, b.running, b.hd, b.hu}) do
    answer[#answer + 1] = number
  end
end
return answer
