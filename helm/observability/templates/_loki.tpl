{{- define "observability.loki" -}}
{{- $own := .Values.loki -}}
{{- $policy := .Values.networkPolicy -}}
{{- if and $own.s3.bucket (not (or $own.s3.region $own.s3.endpoint)) -}}
{{- include "lib.refuse" (list "loki.s3.region" "needed with a bucket, or loki.s3.endpoint") -}}
{{- end -}}
kind: StatefulSet
key: loki
uid: 10001
ports:
  http: 3100
service: [http]
args:
  - -config.file=/etc/loki/loki.yaml
  - -target=all
config:
  loki.yaml: {{ include "observability.loki.config" . | toJson }}
mounts:
  /etc/loki: config
  /var/loki: data
  /tmp: scratch
probes:
  startup: {path: /ready, port: http}
  # Not /ready: that is no longer said while it hands over what it has.
  live: {path: /loki/api/v1/status/buildinfo, port: http}
  ready: {path: /ready, port: http}
scrape: http
ingress:
  {{- include "observability.rule" (dict "root" . "direction" "from" "ports" (list 3100) "components" (list "alloy" "grafana" "prometheus") "peers" $policy.lokiClients) | nindent 2 }}
egress:
  {{- if $own.s3.bucket }}
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- include "observability.rule" (dict "root" . "direction" "to" "ports" (list (include "lib.port" ($own.s3.endpoint | default "https://s3"))) "peers" $policy.objects) | nindent 2 }}
  {{- include "lib.rule.pod-identity" . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* One process for all of it. Structured metadata needs the index of v13. */}}
{{- define "observability.loki.config" -}}
{{- $own := .Values.loki -}}
{{- $store := empty $own.s3.bucket | ternary "filesystem" "s3" -}}
auth_enabled: false
server:
  http_listen_port: 3100
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: 9095
  log_level: warn
  log_format: json
common:
  path_prefix: /var/loki
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring:
    kvstore:
      store: inmemory
schema_config:
  configs:
    - from: "2026-01-01"
      store: tsdb
      object_store: {{ $store }}
      schema: v13
      index:
        prefix: index_
        period: 24h
storage_config:
  {{- if $own.s3.bucket }}
  aws:
    bucketnames: {{ $own.s3.bucket | quote }}
    {{- with $own.s3.region }}
    region: {{ . | quote }}
    {{- end }}
    {{- with $own.s3.endpoint }}
    endpoint: {{ . | quote }}
    s3forcepathstyle: true
    insecure: {{ hasPrefix "http://" . }}
    {{- end }}
  {{- else }}
  filesystem:
    directory: /var/loki/chunks
  {{- end }}
compactor:
  working_directory: /var/loki/compactor
  retention_enabled: true
  delete_request_store: {{ $store }}
limits_config:
  allow_structured_metadata: true
  retention_period: {{ $own.retention }}
  volume_enabled: true
analytics:
  reporting_enabled: false
{{- end -}}
