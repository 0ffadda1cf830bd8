{{/* The port that callers use, in plaintext or with TLS of its own. */}}
{{- define "lib.part.serving" -}}
{{- $tls := .values.tls -}}
{{- if and $tls.clientCa (not $tls.secret) -}}
{{- include "lib.refuse" (list "tls.secret" "needed with tls.clientCa, which asks callers for certificates of its ca.crt") -}}
{{- end -}}
env:
  ONDOL_LISTEN: "{{ .values.listen }}:{{ .ports.grpc }}"
  {{- if $tls.secret }}
  ONDOL_TLS_CERT: /etc/ondol/tls/tls.crt
  ONDOL_TLS_KEY: /etc/ondol/tls/tls.key
  {{- if $tls.clientCa }}
  ONDOL_TLS_CLIENT_CA: /etc/ondol/tls/ca.crt
  {{- end }}
volumes:
  tls:
    secret:
      secretName: {{ $tls.secret | quote }}
mounts:
  /etc/ondol/tls: tls
  {{- end }}
{{- end -}}

{{/* Who may call api and /mcp without a store of keys: hashes from values, a key file from a Secret. */}}
{{- define "lib.part.keys" -}}
{{- with .values.keys -}}
env:
  {{- with .hashes }}
  ONDOL_API_KEYS: {{ join "," . | toJson }}
  {{- end }}
  {{- if .secret }}
  ONDOL_API_KEYS_FILE: /etc/ondol/keys/keys.toml
volumes:
  keys:
    secret:
      secretName: {{ .secret | quote }}
mounts:
  /etc/ondol/keys: keys
  {{- end }}
{{- end -}}
{{- end -}}
