-- ARGV: lease (ms), ids of reservations.
local lease = tonumber(ARGV[1])
for i = 2, #ARGV do
  local name = P .. 'b:' .. ARGV[i]
  local booking = call('GET', name)
  if booking then
    call('PEXPIRE', name, lease + SETTLED_WITHIN)
    local words = {}
    for word in string.gmatch(booking, '%S+') do words[#words + 1] = word end
    for w = 3, #words, 4 do
      if words[w + 3] == '1' then hold(words[w], ARGV[i], lease) end
      local account = P .. 'a:' .. words[w]
      local held_until = call('HGET', account, 'hu')
      if held_until and tonumber(held_until) < now + lease then call('HSET', account, 'hu', whole(now + lease)) end
    end
  end
end
return 1
