-- ARGV: id, sha256, owner, record, when it expires ('' for never), how long ended keys are kept (ms), keys at most.
-- Answers 1, or 0 if there are too many.
local id, sha256, owner, record, expires, kept, most = unpack(ARGV)
-- Sent twice because an answer was lost: it is there.
if call('EXISTS', P .. 'k:' .. id) == 1 then return 1 end
if call('ZCARD', P .. 'ids') >= tonumber(most) then
  -- Ended keys leave by themselves, and their names on the list when somebody looks.
  for _, old in ipairs(call('ZRANGE', P .. 'ids', 0, 999)) do
    if call('EXISTS', P .. 'k:' .. old) == 0 then call('ZREM', P .. 'ids', old) end
  end
  if call('ZCARD', P .. 'ids') >= tonumber(most) then return 0 end
end
call('HSET', P .. 'k:' .. id, 'v', record, 'd', sha256)
call('SET', P .. 'd:' .. sha256, id)
call('ZADD', P .. 'ids', 0, id)
call('ZADD', P .. 'ids:' .. owner, 0, id)
if expires ~= '' then
  call('PEXPIREAT', P .. 'k:' .. id, expires + kept)
  call('PEXPIREAT', P .. 'd:' .. sha256, expires + kept)
end
return 1
