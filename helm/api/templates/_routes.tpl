{{/* The file of --routes: releases of llm-inference, and which of them runs which model. */}}
{{- define "api.part.routes" -}}
{{- with .values.routes -}}
{{- if or .releases .models }}
env:
  ONDOL_ROUTES: /etc/ondol/config/routes.toml
config:
  routes.toml: {{ include "api.routes" . | trim | toJson }}
egress:
  {{- range .releases }}
  {{- include "lib.rule" (dict "direction" "to" "ports" (list (include "lib.port" .url)) "peers" (list (include "lib.peer.at" (dict "name" "llm-inference" "url" .url) | fromYaml))) | nindent 2 }}
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "api.routes" -}}
{{- range $name, $release := .releases }}
[releases.{{ $name }}]
url = {{ $release.url | toJson }}
{{- with $release.tlsName }}
tls_name = {{ . | toJson }}
{{- end }}
{{- with $release.concurrency }}

[releases.{{ $name }}.concurrency]
most = {{ int64 .most }}
{{- range $key, $meaning := omit . "most" }}
{{ $key }} = {{ kindIs "string" $meaning | ternary ($meaning | toJson) (include "lib.text" $meaning) }}
{{- end }}
{{- end }}
{{ end }}
{{- range $route := .models }}
[[routes]]
model = {{ .model | toJson }}
targets = [
{{- range .targets }}
  {{ include "api.routes.target" (dict "target" . "releases" $.releases "model" $route.model) }},
{{- end }}
]
{{- with .fallback }}
fallback = [
{{- range . }}
  {{ include "api.routes.target" (dict "target" . "releases" $.releases "model" $route.model) }},
{{- end }}
]
{{- end }}
{{- with .hedgeAfter }}
hedge_after = {{ . | toJson }}
{{- end }}
{{ end }}
{{- end -}}

{{- define "api.routes.target" -}}
{{- if not (hasKey .releases .target.release) -}}
{{- include "lib.refuse" (list "routes.models" (printf "the route of %s leads to %s, which routes.releases does not have" .model .target.release)) -}}
{{- end -}}
{ release = {{ .target.release | toJson }}
{{- with .target.model }}, model = {{ . | toJson }}{{ end }}
{{- if hasKey .target "weight" }}, weight = {{ int64 .target.weight }}{{ end }} }
{{- end -}}
