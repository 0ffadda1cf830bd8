{{/* The queue of jobs in Redis. */}}
{{- define "lib.part.queue" -}}
{{- with .values.redis.url -}}
{{- include "lib.redis.checks" $.values.redis -}}
env:
  {{- include "lib.redis.env" (dict "prefix" "ONDOL_REDIS" "redis" $.values.redis) | nindent 2 }}
  {{- with $.values.queue }}
  ONDOL_QUEUE: {{ .name | toJson }}
  ONDOL_QUEUE_SHARDS: "{{ .shards }}"
  {{- end }}
{{- include "lib.redis.reach" $ }}
{{- end -}}
{{- end -}}

{{/* Keys and limits in the same Redis, shared by all replicas. */}}
{{- define "lib.part.accounts" -}}
{{- with .values.redis.url -}}
{{- include "lib.redis.checks" $.values.redis -}}
env:
  {{- include "lib.redis.env" (dict "prefix" "ONDOL_ACCOUNTS_REDIS" "redis" $.values.redis) | nindent 2 }}
{{- include "lib.redis.reach" $ }}
{{- end -}}
{{- end -}}

{{- define "lib.redis.env" -}}
{{- $prefix := .prefix -}}
{{- with .redis -}}
{{ $prefix }}_URL: {{ .url | toJson }}
{{ $prefix }}_TOPOLOGY: {{ .topology }}
{{- if eq .topology "sentinel" }}
{{ $prefix }}_SERVICE: {{ .service | toJson }}
{{- end }}
{{- with .password.secret }}
{{ $prefix }}_PASSWORD:
  secret: {{ . | quote }}
  key: {{ $.redis.password.key | quote }}
{{- end }}
{{- if .tls.secret }}
{{ $prefix }}_CA_FILE: /etc/ondol/redis/ca.crt
{{- if .tls.mutual }}
{{ $prefix }}_CERTIFICATE_FILE: /etc/ondol/redis/tls.crt
{{ $prefix }}_KEY_FILE: /etc/ondol/redis/tls.key
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* The way to it, and what it is known by. */}}
{{- define "lib.redis.reach" -}}
{{- with .values.redis.tls.secret }}
volumes:
  redis:
    secret:
      secretName: {{ . | quote }}
mounts:
  /etc/ondol/redis: redis
{{- end }}
egress:
  {{- include "lib.rule" (dict "direction" "to" "ports" (include "lib.redis.ports" .values.redis | fromJsonArray) "peers" .values.networkPolicy.redis) | nindent 2 }}
{{- end -}}

{{/* As JSON: the ports of all addresses, and that of the servers which sentinels name. */}}
{{- define "lib.redis.ports" -}}
{{- $ports := list -}}
{{- range splitList "," .url -}}
{{- $host := (urlParse .).host -}}
{{- $ports = append $ports (contains ":" $host | ternary (splitList ":" $host | last) "6379" | int) -}}
{{- end -}}
{{- if eq .topology "sentinel" }}{{ $ports = append $ports 6379 }}{{ end -}}
{{- uniq $ports | toJson -}}
{{- end -}}

{{- define "lib.redis.checks" -}}
{{- range splitList "," .url -}}
{{- if contains ":" (urlParse .).userinfo -}}
{{- include "lib.refuse" (list "redis.url" "a password does not belong in values; name its Secret in redis.password.secret") -}}
{{- end -}}
{{- end -}}
{{- if and .tls.secret (not (hasPrefix "rediss://" .url)) -}}
{{- include "lib.refuse" (list "redis.tls.secret" "has no use without TLS, which is rediss:// in redis.url") -}}
{{- end -}}
{{- if and .tls.mutual (not .tls.secret) -}}
{{- include "lib.refuse" (list "redis.tls.secret" "needed with redis.tls.mutual: it holds tls.crt and tls.key") -}}
{{- end -}}
{{- end -}}
