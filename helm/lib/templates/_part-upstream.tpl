{{/* Calls to llm-inference. */}}
{{- define "lib.part.llm-inference" -}}
{{- include "lib.upstream" (dict "name" "llm-inference" "key" "llmInference" "prefix" "ONDOL_LLM_INFERENCE" "upstream" .values.llmInference) -}}
{{- end -}}

{{/* Calls to mcp. */}}
{{- define "lib.part.mcp" -}}
{{- with .values.mcp.url -}}
{{- include "lib.upstream" (dict "name" "mcp" "key" "mcp" "prefix" "ONDOL_MCP" "upstream" $.values.mcp) -}}
{{- end -}}
{{- end -}}

{{- define "lib.upstream" -}}
{{- $folder := printf "/etc/ondol/%s" .name -}}
{{- include "lib.upstream.checks" . -}}
{{- with .upstream -}}
env:
  {{ $.prefix }}_URL: {{ .url | toJson }}
  {{- if .tls.secret }}
  {{ $.prefix }}_TLS_CA: {{ $folder }}/ca.crt
  {{- if .tls.mutual }}
  {{ $.prefix }}_TLS_CERT: {{ $folder }}/tls.crt
  {{ $.prefix }}_TLS_KEY: {{ $folder }}/tls.key
  {{- end }}
  {{- with .tls.serverName }}
  {{ $.prefix }}_TLS_NAME: {{ . | toJson }}
  {{- end }}
volumes:
  {{ $.name }}:
    secret:
      secretName: {{ .tls.secret | quote }}
mounts:
  {{ $folder }}: {{ $.name }}
  {{- end }}
egress:
  {{- include "lib.rule" (dict "direction" "to" "ports" (list (include "lib.port" .url)) "peers" (list (include "lib.peer.at" (dict "name" $.name "url" .url) | fromYaml))) | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "lib.upstream.checks" -}}
{{- $tls := .upstream.tls -}}
{{- if ne (hasPrefix "https://" .upstream.url) (not (empty $tls.secret)) -}}
{{- include "lib.refuse" (list (printf "%s.tls.secret" .key) "an https:// URL needs the Secret with its ca.crt, and an http:// one has no use for it") -}}
{{- end -}}
{{- if and $tls.mutual (not $tls.secret) -}}
{{- include "lib.refuse" (list (printf "%s.tls.secret" .key) "needed with `mutual`: it holds tls.crt and tls.key") -}}
{{- end -}}
{{- end -}}
