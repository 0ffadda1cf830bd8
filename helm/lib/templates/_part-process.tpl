{{/* What every process has: its life, its logs and traces, the admin port, names to look up. */}}
{{- define "lib.part.process" -}}
{{- $values := .values -}}
env:
  ONDOL_ADMIN_ADDR: "{{ $values.listen }}:{{ .ports.admin }}"
  {{- with $values.drain }}
  ONDOL_DRAIN_DELAY: {{ .delaySeconds }}s
  ONDOL_GRACE: {{ .graceSeconds }}s
  {{- end }}
  ONDOL_LOG_FORMAT: json
  {{- with $values.telemetry }}
  ONDOL_LOG_FILTER: {{ .logFilter | toJson }}
  {{- with .otlpEndpoint }}
  ONDOL_OTLP_ENDPOINT: {{ . | toJson }}
  ONDOL_TRACE_RATIO: "{{ $values.telemetry.traceRatio }}"
  {{- end }}
  {{- with .lokiUrl }}
  ONDOL_LOKI_URL: {{ . | toJson }}
  {{- with $values.telemetry.lokiTenant }}
  ONDOL_LOKI_TENANT: {{ . | toJson }}
  {{- end }}
  {{- end }}
  {{- end }}
ingress:
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.admin) "peers" $values.networkPolicy.monitoring) | nindent 2 }}
egress:
  {{- range $protocol := list "UDP" "TCP" }}
  {{- include "lib.rule" (dict "direction" "to" "ports" (list 53) "protocol" $protocol "peers" $values.networkPolicy.dns) | nindent 2 }}
  {{- end }}
  {{- with $values.telemetry.otlpEndpoint }}
  {{- include "lib.rule" (dict "direction" "to" "ports" (list (include "lib.port" .)) "peers" $values.networkPolicy.monitoring) | nindent 2 }}
  {{- end }}
  {{- with $values.telemetry.lokiUrl }}
  {{- include "lib.rule" (dict "direction" "to" "ports" (list (include "lib.port" .)) "peers" $values.networkPolicy.monitoring) | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The port of a URL; 443 or 80 where it does not say. */}}
{{- define "lib.port" -}}
{{- $url := urlParse . -}}
{{- if contains ":" $url.host -}}
{{- splitList ":" $url.host | last -}}
{{- else if hasSuffix "s" $url.scheme -}}
443
{{- else -}}
80
{{- end -}}
{{- end -}}
