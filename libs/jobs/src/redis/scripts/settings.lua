-- Answers what `configure` set: fields of `conf` and their values.
return call('HGETALL', P .. 'conf')
