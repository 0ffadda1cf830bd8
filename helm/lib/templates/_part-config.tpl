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
