-- ARGV: id. Answers the job's fields, its body ('' once it is gone) and the time.
local d = call('HGETALL', P .. 'j:' .. ARGV[1])
return {d, call('GET', P .. 'b:' .. ARGV[1]) or '', now}
