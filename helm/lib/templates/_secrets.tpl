{{/* Secrets that the External Secrets operator keeps in step with a store such as AWS Secrets Manager. */}}
{{- define "lib.external-secrets" -}}
{{- $external := .values.externalSecrets -}}
{{- if and $external.secrets (not $external.store.name) -}}
{{- include "lib.refuse" (list "externalSecrets.store.name" "needed, since externalSecrets.secrets names some to fetch") -}}
{{- end -}}
{{- range $name, $keys := $external.secrets }}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ $name | quote }}
  namespace: {{ $.namespace | quote }}
  labels:
    {{- toYaml $.labels | nindent 4 }}
spec:
  refreshInterval: {{ $external.refreshInterval }}
  secretStoreRef:
    kind: {{ $external.store.kind }}
    name: {{ $external.store.name | quote }}
  target:
    name: {{ $name | quote }}
    creationPolicy: Owner
  data:
    {{- range $key, $remote := $keys }}
    - secretKey: {{ $key | quote }}
      remoteRef:
        key: {{ $remote.key | toJson }}
        {{- with $remote.property }}
        property: {{ . | toJson }}
        {{- end }}
    {{- end }}
{{- end }}
{{- end -}}
