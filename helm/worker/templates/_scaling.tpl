{{/*
By the queue in Redis: the jobs in line of each kind and those that run, of all shards, for each replica. KEDA counts
the members of the queue's own sorted sets, so it sees jobs where no worker is left that could tell of them.
*/}}
{{- define "worker.scaling" -}}
{{- if eq .Values.autoscaling.type "keda" -}}
{{- $worker := include "worker.component" . | fromJson -}}
{{- $lines := list -}}
{{- range $shard := until (int .Values.queue.shards) -}}
{{- $lines = append $lines (dict "name" (printf "running_%d" $shard) "key" (printf "{q:%s:%d}:lease" $.Values.queue.name $shard)) -}}
{{- range $kind := $.Values.autoscaling.kinds -}}
{{- $lines = append $lines (dict "name" (printf "ready_%s_%d" $kind $shard) "key" (printf "{q:%s:%d}:ready:%s" $.Values.queue.name $shard $kind)) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- $triggers := list -}}
{{- range $lines -}}
{{- $names = append $names .name -}}
{{- $triggers = append $triggers (include "worker.scaling.trigger" (dict "worker" $worker "line" .) | fromYaml) -}}
{{- end -}}
{{- $modifiers := printf "formula: %s\nmetricType: AverageValue\ntarget: %q" (join " + " $names) (include "lib.text" .Values.autoscaling.jobsPerReplica) -}}
{{- dict "modifiers" $modifiers "triggers" (toYaml $triggers) | toJson -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{- define "worker.scaling.trigger" -}}
{{- $redis := .worker.values.redis -}}
{{- $types := dict "standalone" "redis" "sentinel" "redis-sentinel" "cluster" "redis-cluster" -}}
{{- $hosts := list -}}
{{- range splitList "," $redis.url -}}
{{- $host := (urlParse .).host -}}
{{- $hosts = append $hosts (contains ":" $host | ternary $host (printf "%s:%s" $host "6379")) -}}
{{- end -}}
{{- $first := splitList "," $redis.url | first | urlParse -}}
type: {{ get $types $redis.topology }}
name: {{ .line.name }}
metricType: AverageValue
metadata:
  {{ eq $redis.topology "standalone" | ternary "address" "addresses" }}: {{ join "," $hosts | quote }}
  listName: {{ .line.key | quote }}
  listLength: "1"
  {{- with $first.userinfo }}
  username: {{ . | quote }}
  {{- end }}
  {{- if and (trimPrefix "/" $first.path) (ne $redis.topology "cluster") }}
  databaseIndex: {{ trimPrefix "/" $first.path | quote }}
  {{- end }}
  {{- if eq $redis.topology "sentinel" }}
  sentinelMaster: {{ $redis.service | quote }}
  {{- end }}
  {{- if hasPrefix "rediss://" $redis.url }}
  enableTLS: "true"
  {{- end }}
{{- if or $redis.password.secret $redis.tls.secret }}
authenticationRef:
  name: "{{ .worker.fullname }}-redis"
{{- end }}
{{- end -}}
