-- ARGV: `id` or `sha256`, and one. Answers the record and when it was revoked; nothing without one.
local id = ARGV[2]
if ARGV[1] == 'sha256' then id = call('GET', P .. 'd:' .. id) end
if not id then return {} end
local found = call('HMGET', P .. 'k:' .. id, 'v', 'r')
if not found[1] then return {} end
return {found[1], found[2] or ''}
