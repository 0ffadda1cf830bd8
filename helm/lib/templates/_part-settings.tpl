{{/* What values say of the environment and of folders besides; the last part, so that it has the last word. */}}
{{- define "lib.part.settings" -}}
{{- $values := .values -}}
env:
  {{- range $name, $value := $values.settings }}
  {{ $name }}: {{ include "lib.text" $value | toJson }}
  {{- end }}
  {{- range $name, $value := $values.env }}
  {{- if hasPrefix "ONDOL_" $name }}
  {{- include "lib.refuse" (list "env" (printf "%s is a setting of the program, or another value makes it: see settings" $name)) }}
  {{- end }}
  {{ $name | toJson }}: {{ $value | toJson }}
  {{- end }}
  {{- range $name, $from := $values.secretEnv }}
  {{ $name | toJson }}:
    secret: {{ $from.secret | quote }}
    key: {{ $from.key | quote }}
  {{- end }}
volumes:
  {{- range $name, $mount := $values.mounts }}
  mount-{{ $name }}:
    {{- if $mount.secret }}
    secret:
      secretName: {{ $mount.secret | quote }}
    {{- else }}
    configMap:
      name: {{ $mount.configMap | quote }}
    {{- end }}
  {{- end }}
mounts:
  {{- range $name, $mount := $values.mounts }}
  /etc/ondol/mounts/{{ $name }}: mount-{{ $name }}
  {{- end }}
{{- end -}}
