-- ARGV: fields of `conf` and their values. An empty value takes the field away; `running:*` means every kind's cap.
for i = 1, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  if field == 'running:*' then
    for _, known in ipairs(call('HKEYS', P .. 'conf')) do
      if string.sub(known, 1, 8) == 'running:' then call('HDEL', P .. 'conf', known) end
    end
  elseif value == '' then
    call('HDEL', P .. 'conf', field)
  else
    call('HSET', P .. 'conf', field, value)
  end
end
-- Whoever sleeps may have something to do now.
for _, field in ipairs(call('HKEYS', P .. 'n')) do
  local kind = string.match(field, '^waiting:(.*)$')
  if kind then news[kind] = true end
end
settle()
return 1
