{{/*
What keeps the pods running: a Deployment, or what the chart's `workload` (kind, apiVersion) says in its place.
Nothing says how many replicas there are while an autoscaler does, so that no delivery undoes its work.
*/}}
{{- define "lib.workload" -}}
{{- $values := .component.values -}}
apiVersion: {{ .apiVersion | default "apps/v1" }}
kind: {{ .kind | default "Deployment" }}
metadata:
  {{- include "lib.metadata" . | nindent 2 }}
spec:
  {{- if eq $values.autoscaling.type "none" }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: {{ $values.revisionHistoryLimit }}
  progressDeadlineSeconds: {{ add $values.startupSeconds 300 }}
  selector:
    matchLabels:
      {{- toYaml .component.selector | nindent 6 }}
  strategy:
    {{- .strategy | nindent 4 }}
  template:
    {{- include "lib.pod" .component | nindent 4 }}
{{- end -}}

{{/* A pod more before one less: nobody waits for a seat while versions change. */}}
{{- define "lib.strategy.surge" -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: 1
  maxUnavailable: 0
{{- end -}}

{{/* A pod less before one more: where nodes have no room, or no GPU, for one in addition. */}}
{{- define "lib.strategy.in-place" -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: 0
  maxUnavailable: 1
{{- end -}}
