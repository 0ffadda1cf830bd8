{{- define "observability.redis-exporter" -}}
{{- $own := .Values.redisExporter -}}
{{- if and $own.tls.secret (not (hasPrefix "rediss://" $own.url)) -}}
{{- include "lib.refuse" (list "redisExporter.tls.secret" "has no use without TLS, which is rediss:// in redisExporter.url") -}}
{{- end -}}
{{- if and $own.tls.mutual (not $own.tls.secret) -}}
{{- include "lib.refuse" (list "redisExporter.tls.secret" "needed with redisExporter.tls.mutual: it holds tls.crt and tls.key") -}}
{{- end -}}
kind: Deployment
key: redisExporter
uid: 59000
ports:
  http: 9121
env:
  REDIS_ADDR: {{ $own.url | quote }}
  REDIS_EXPORTER_IS_CLUSTER: {{ $own.cluster | quote }}
  REDIS_EXPORTER_LOG_FORMAT: json
  # Lengths alone: what is in Redis is nobody's business here.
  REDIS_EXPORTER_DISABLE_EXPORTING_KEY_VALUES: "true"
  REDIS_EXPORTER_CHECK_SINGLE_KEYS: {{ include "observability.redis.keys" $own | quote }}
  {{- with $own.user }}
  REDIS_USER: {{ . | quote }}
  {{- end }}
  {{- with $own.password.secret }}
  REDIS_PASSWORD:
    secret: {{ . | quote }}
    key: {{ $own.password.key | quote }}
  {{- end }}
  {{- if $own.tls.secret }}
  REDIS_EXPORTER_TLS_CA_CERT_FILE: /etc/ondol/redis/ca.crt
  {{- if $own.tls.mutual }}
  REDIS_EXPORTER_TLS_CLIENT_CERT_FILE: /etc/ondol/redis/tls.crt
  REDIS_EXPORTER_TLS_CLIENT_KEY_FILE: /etc/ondol/redis/tls.key
  {{- end }}
volumes:
  redis:
    secret:
      secretName: {{ $own.tls.secret | quote }}
mounts:
  /etc/ondol/redis: redis
  {{- end }}
probes:
  startup: {path: /health, port: http}
  live: {path: /health, port: http}
  ready: {path: /health, port: http}
scrape: http
ingress:
  {{- include "observability.rule.scraped" (dict "root" . "ports" (list 9121)) | nindent 2 }}
egress:
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- include "observability.rule" (dict "root" . "direction" "to" "ports" (include "lib.redis.ports" (dict "url" $own.url "topology" "standalone") | fromJsonArray) "peers" .Values.networkPolicy.redis) | nindent 2 }}
{{- end -}}

{{/* The lists of a queue whose lengths are read: jobs that are ready, by kind, and those that somebody does. */}}
{{- define "observability.redis.keys" -}}
{{- $database := (urlParse .url).path | trimPrefix "/" | default "0" -}}
{{- $keys := list -}}
{{- $queue := .queue -}}
{{- range $shard := until (int $queue.shards) -}}
{{- $prefix := printf "db%s={q:%s:%d}:" $database $queue.name $shard -}}
{{- $keys = append $keys (printf "%slease" $prefix) -}}
{{- range $queue.kinds }}{{ $keys = append $keys (printf "%sready:%s" $prefix .) }}{{ end -}}
{{- end -}}
{{- join "," $keys -}}
{{- end -}}
