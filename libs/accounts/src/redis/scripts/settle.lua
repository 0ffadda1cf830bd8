-- ARGV: of each reservation its id and the tokens that it has used.
for i = 1, #ARGV, 2 do
  local id, used = ARGV[i], tonumber(ARGV[i + 1])
  local booking = call('GET', P .. 'b:' .. id)
  if booking then
    call('DEL', P .. 'b:' .. id)
    local words = {}
    for word in string.gmatch(booking, '%S+') do words[#words + 1] = word end
    local at, tokens = tonumber(words[1]), tonumber(words[2])
    local day, month = calendar(at)
    local more, less = math.max(0, used - tokens), math.max(0, tokens - used)
    for w = 3, #words, 4 do
      local account, rpm, tpm = words[w], tonumber(words[w + 1]), tonumber(words[w + 2])
      if words[w + 3] == '1' then call('ZREM', P .. 's:' .. account, id) end
      local b = open(account, rpm > 0 and rpm, tpm > 0 and tpm)
      if tpm > 0 then
        local there = math.max(0, tokens * WEIGHT - tpm * math.max(0, b.at - at))
        b.tk = math.max(0, b.tk - math.min(less * WEIGHT, there)) + more * WEIGHT
      end
      if day == b.day then b.hd = math.max(0, b.hd - tokens) end
      b.td = math.max(0, b.td - (day == b.day and less or 0)) + more
      b.tm = math.max(0, b.tm - (month == b.mon and less or 0)) + more
      close(b)
    end
  end
end
return 1
