{{/* The folder of the files that other parts have made; after them. */}}
{{- define "lib.part.config" -}}
{{- if .config -}}
volumes:
  config:
    configMap:
      name: {{ .fullname | quote }}
mounts:
  /etc/ondol/config: config
{{- end -}}
{{- end -}}

{{/* Callers' tokens and certificates: a file in the words of the documentation. Issuers are asked for their keys. */}}
{{- define "lib.part.identities" -}}
{{- with .values.identities -}}
env:
  ONDOL_IDENTITIES_FILE: /etc/ondol/config/identities.toml
config:
  identities.toml: {{ . | toJson }}
{{- if hasKey $.values.networkPolicy "issuers" }}
egress:
  {{- include "lib.rule" (dict "direction" "to" "ports" (list 443) "peers" $.values.networkPolicy.issuers) | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}
