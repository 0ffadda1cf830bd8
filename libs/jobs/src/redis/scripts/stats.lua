-- Answers the time, whether all is paused, all counts, and of each kind its name, whether it is paused, and the birth of
-- the job at the head of its line (0 without one).
local counted, kinds = call('HGETALL', P .. 'n'), {}
for i = 1, #counted, 2 do
  local kind = string.match(counted[i], '^waiting:(.*)$')
  if kind then
    local first = call('ZRANGE', P .. 'ready:' .. kind, 0, 0)[1]
    kinds[#kinds + 1] = kind
    kinds[#kinds + 1] = call('HEXISTS', P .. 'conf', 'paused:' .. kind)
    kinds[#kinds + 1] = first and tonumber(call('HGET', P .. 'j:' .. first, 'c')) or 0
  end
end
return {now, call('HEXISTS', P .. 'conf', 'paused'), counted, kinds}
